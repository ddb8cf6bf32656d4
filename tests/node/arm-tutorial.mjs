// The tutorial's control-plane job with Microsoft's JavaScript packages, unmodified.
import { readFileSync } from "node:fs";
import { ClientSecretCredential } from "@azure/identity";
import { ResourceManagementClient } from "@azure/arm-resources";
import { SignalRManagementClient } from "@azure/arm-signalr";
import { StorageManagementClient } from "@azure/arm-storage";
import { WebSiteManagementClient } from "@azure/arm-appservice";

const known = JSON.parse(readFileSync(process.argv[2]));
const credential = new ClientSecretCredential(known.tenant_id, known.client_id, known.client_secret, {
  authorityHost: known.authority,
  disableInstanceDiscovery: true,
});
const options = { endpoint: known.resource_manager };
const make = (Client) => new Client(credential, known.subscription_id, options);
const [resources, signalr, storage, web] = [
  ResourceManagementClient,
  SignalRManagementClient,
  StorageManagementClient,
  WebSiteManagementClient,
].map(make);
const [group, location] = ["jsgroup", "eastus2"];
const fast = { updateIntervalInMs: 100 };
const seen = {};

for (const namespace of ["Microsoft.SignalRService", "Microsoft.Storage", "Microsoft.Web"]) await resources.providers.register(namespace);
await resources.resourceGroups.createOrUpdate(group, { location });
const chat = await signalr.signalR.beginCreateOrUpdateAndWait(
  group,
  "js-chat-1",
  { location, sku: { name: "Free_F1", capacity: 1 }, features: [{ flag: "ServiceMode", value: "Serverless" }] },
  fast,
);
seen.signalr = chat.provisioningState;
const keys = await signalr.signalR.listKeys(group, "js-chat-1");
seen.connectionString = keys.primaryConnectionString.startsWith("Endpoint=http://localhost;Port=");
const account = await storage.storageAccounts.beginCreateAndWait(
  group,
  "jsstore1",
  { location, sku: { name: "Standard_LRS" }, kind: "StorageV2", accessTier: "Hot", enableHttpsTrafficOnly: true },
  fast,
);
seen.blob = account.primaryEndpoints.blob.endsWith("/jsstore1/");
seen.keys = (await storage.storageAccounts.listKeys(group, "jsstore1")).keys.length;
await storage.blobContainers.create(group, "jsstore1", "app-package", {});
const plan = await web.appServicePlans.beginCreateOrUpdateAndWait(
  group,
  "js-plan",
  { location, kind: "functionapp", reserved: true, sku: { name: "FC1", tier: "FlexConsumption" } },
  fast,
);
const deployment = {
  storage: {
    type: "blobContainer",
    value: `${account.primaryEndpoints.blob}app-package`,
    authentication: { type: "StorageAccountConnectionString", storageAccountConnectionStringName: "DEPLOYMENT_STORAGE_CONNECTION_STRING" },
  },
};
const site = await web.webApps.beginCreateOrUpdateAndWait(
  group,
  "js-chat-api",
  {
    location,
    kind: "functionapp,linux",
    serverFarmId: plan.id,
    siteConfig: { appSettings: [{ name: "GREETING", value: "hello" }] },
    functionAppConfig: {
      deployment,
      runtime: { name: "python", version: "3.12" },
      scaleAndConcurrency: { maximumInstanceCount: 100, instanceMemoryMB: 2048 },
    },
  },
  fast,
);
seen.site = site.functionAppConfig.deployment.storage.type;
const settings = await web.webApps.listApplicationSettings(group, "js-chat-api");
await web.webApps.updateApplicationSettings(group, "js-chat-api", {
  properties: { ...settings.properties, AzureSignalRConnectionString: keys.primaryConnectionString },
});
await web.webApps.updateConfiguration(group, "js-chat-api", { cors: { allowedOrigins: ["http://127.0.0.1:1"], supportCredentials: true } });
seen.settings = Object.keys((await web.webApps.listApplicationSettings(group, "js-chat-api")).properties).sort();
seen.cors = (await web.webApps.getConfiguration(group, "js-chat-api")).cors.allowedOrigins;
seen.masterKey = (await web.webApps.listHostKeys(group, "js-chat-api")).masterKey.length > 20;
seen.types = [];
for await (const one of resources.resources.listByResourceGroup(group)) seen.types.push(one.type);
await resources.resourceGroups.beginDeleteAndWait(group, fast);
seen.exists = (await resources.resourceGroups.checkExistence(group)).body;
try {
  await signalr.signalR.get(group, "js-chat-1");
} catch (error) {
  seen.error = [error.statusCode, error.code];
}
console.log(JSON.stringify(seen));
