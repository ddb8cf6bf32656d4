// The whole chat with sign-in, as sections 02 to 10 make it. What no template makes comes beside
// it: the app registration before, the functions' package and the page's files after it.
targetScope = 'resourceGroup'

@description('Region of every resource.')
param location string = resourceGroup().location

@description('Name of the SignalR Service instance: one for all of Azure.')
param signalRName string

@description('Name of the storage account: one for all of Azure, lower-case letters and digits.')
param storageAccountName string

@description('Name of the plan.')
param planName string

@description('Name of the function app: one for all of Azure.')
param functionAppName string

@description('Application id of the app registration.')
param clientId string

@description('A client secret of the app registration.')
@secure()
param clientSecret string

@description('Scheme of the function app: the local cloud has http, Azure https.')
@allowed([
  'https'
  'http'
])
param appScheme string = 'https'

var storage = 'DefaultEndpointsProtocol=https;AccountName=${account.name};AccountKey=${account.listKeys().keys[0].value};BlobEndpoint=${account.properties.primaryEndpoints.blob};'
var page = account.properties.primaryEndpoints.web

resource signalR 'Microsoft.SignalRService/signalR@2023-02-01' = {
  name: signalRName
  location: location
  kind: 'SignalR'
  sku: {
    name: 'Free_F1'
    tier: 'Free'
    capacity: 1
  }
  properties: {
    features: [
      {
        flag: 'ServiceMode'
        value: 'Serverless'
      }
    ]
    cors: {
      allowedOrigins: [
        '*'
      ]
    }
    publicNetworkAccess: 'Enabled'
    disableLocalAuth: false
    disableAadAuth: false
  }
}

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: storageAccountName
  location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    accessTier: 'Hot'
    supportsHttpsTrafficOnly: true
    minimumTlsVersion: 'TLS1_2'
    allowBlobPublicAccess: false
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-08-01' = {
  parent: account
  name: 'default'
  properties: {
    staticWebsite: {
      enabled: true
      indexDocument: 'index.html'
      errorDocument404Path: '404.html'
    }
  }
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01' = {
  parent: blobs
  name: 'app-package'
  properties: {}
}

resource plan 'Microsoft.Web/serverfarms@2025-05-01' = {
  name: planName
  location: location
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2025-05-01' = {
  name: functionAppName
  location: location
  kind: 'functionapp,linux'
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${account.properties.primaryEndpoints.blob}${packages.name}'
          authentication: {
            type: 'StorageAccountConnectionString'
            storageAccountConnectionStringName: 'DEPLOYMENT_STORAGE_CONNECTION_STRING'
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.12'
      }
      scaleAndConcurrency: {
        maximumInstanceCount: 100
        instanceMemoryMB: 2048
      }
    }
    siteConfig: {
      // All of them: a deployment puts these in the place of those that the app has.
      appSettings: [
        {
          name: 'AzureWebJobsStorage'
          value: storage
        }
        {
          name: 'DEPLOYMENT_STORAGE_CONNECTION_STRING'
          value: storage
        }
        {
          name: 'AzureSignalRConnectionString'
          value: signalR.listKeys().primaryConnectionString
        }
        {
          name: 'MICROSOFT_PROVIDER_AUTHENTICATION_SECRET'
          value: clientSecret
        }
      ]
    }
  }
}

resource origins 'Microsoft.Web/sites/config@2025-05-01' = {
  parent: app
  name: 'web'
  properties: {
    cors: {
      allowedOrigins: [
        substring(page, 0, length(page) - 1)
      ]
      supportCredentials: true
    }
  }
}

resource signIn 'Microsoft.Web/sites/config@2025-05-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
      runtimeVersion: '~1'
    }
    globalValidation: {
      requireAuthentication: false
      unauthenticatedClientAction: 'AllowAnonymous'
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          openIdIssuer: uri(environment().authentication.loginEndpoint, '${subscription().tenantId}/v2.0')
          clientId: clientId
          clientSecretSettingName: 'MICROSOFT_PROVIDER_AUTHENTICATION_SECRET'
        }
        login: {
          loginParameters: [
            'scope=openid profile email offline_access'
          ]
        }
        validation: {
          allowedAudiences: [
            'api://${clientId}'
          ]
        }
      }
    }
    login: {
      tokenStore: {
        enabled: true
      }
      allowedExternalRedirectUrls: [
        page
      ]
    }
    httpSettings: {
      requireHttps: true
    }
  }
  // Each change of its configuration restarts the app: one after the other.
  dependsOn: [
    origins
  ]
}

@description('Address of the deployed functions.')
output apiBaseUrl string = '${appScheme}://${app.properties.defaultHostName}'

@description('Address of the page.')
output webUrl string = page
