// Lists the resource groups of the cloud that the environment names, with nothing configured here.
import { DefaultAzureCredential } from "@azure/identity";
import { ResourceManagementClient } from "@azure/arm-resources";

const { AZURE_SUBSCRIPTION_ID, AZURE_RESOURCE_MANAGER } = process.env;
const client = new ResourceManagementClient(new DefaultAzureCredential(), AZURE_SUBSCRIPTION_ID, {
  endpoint: AZURE_RESOURCE_MANAGER,
});
const names = [];
for await (const group of client.resourceGroups.list()) names.push(group.name);
console.log(JSON.stringify(names));
