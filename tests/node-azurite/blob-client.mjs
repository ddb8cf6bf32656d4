// Microsoft's JavaScript client against an account: `node blob-client.mjs URL ACCOUNT KEY` prints what it got as JSON.
import {
  BlobSASPermissions,
  BlobServiceClient,
  StorageSharedKeyCredential,
  generateBlobSASQueryParameters,
} from "@azure/storage-blob";

const [url, account, key] = process.argv.slice(2);
const credential = new StorageSharedKeyCredential(account, key);
const service = new BlobServiceClient(url, credential, { retryOptions: { maxTries: 1 } });
const got = {};

await service.setProperties({ staticWebsite: { enabled: true, indexDocument: "index.html" } });
got.website = (await service.getProperties()).staticWebsite;
const container = service.getContainerClient("javascript");
await container.createIfNotExists();
got.createdAgain = (await container.createIfNotExists()).succeeded;

const block = container.getBlockBlobClient("ä b+c/%.txt");
await block.upload("hello", 5, { blobHTTPHeaders: { blobContentType: "text/plain" }, metadata: { room: "general" } });
got.content = (await block.downloadToBuffer()).toString();
got.metadata = (await block.getProperties()).metadata;
const big = container.getBlockBlobClient("big");
await big.uploadData(Buffer.alloc(5_000_000, 1), { blockSize: 1_000_000, maxSingleShotSize: 1_000_000, concurrency: 3 });
got.size = (await big.downloadToBuffer(0, undefined, { blockSize: 2_000_000, concurrency: 3 })).length;

const log = container.getAppendBlobClient("log");
await log.createIfNotExists();
await log.appendBlock("one", 3);
got.offset = (await log.appendBlock("two", 3, { conditions: { appendPosition: 3 } })).blobAppendOffset;
got.names = [];
for await (const item of container.listBlobsByHierarchy("/")) got.names.push(`${item.kind} ${item.name}`);
got.pages = [];
for await (const page of container.listBlobsFlat().byPage({ maxPageSize: 2 })) got.pages.push(page.segment.blobItems.length);

const permissions = BlobSASPermissions.parse("r");
const expiresOn = new Date(Date.now() + 1e6);
const where = { containerName: "javascript", blobName: "log", permissions, expiresOn };
got.signed = await (await fetch(`${log.url}?${generateBlobSASQueryParameters(where, credential)}`)).text();
const lease = log.getBlobLeaseClient();
await lease.acquireLease(15);
got.leased = await log.delete().catch((error) => error.code);
await lease.releaseLease();
got.deleted = (await service.getBlobBatchClient().deleteBlobs([log.url, block.url], credential)).subResponsesSucceededCount;
await container.delete();
console.log(JSON.stringify(got));
