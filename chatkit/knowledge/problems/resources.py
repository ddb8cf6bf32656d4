"""Azure's resources: names, regions, quotas, rights, and what a resource group remembers."""

from __future__ import annotations

from chatkit.knowledge.problem import MANAGER, Problem

REGION = "`Workshop.open(region='eastus2')` chooses another region before anything is made."

PROBLEMS = (
    Problem(
        key="name-taken",
        title="The name belongs to somebody else",
        cause="All of Azure shares the names of storage accounts, function apps and SignalR"
        " instances; a name that was just deleted stays taken for a while.",
        fix="`Workshop.open(suffix='...')` chooses other names.",
        links=(f"{MANAGER}/troubleshooting/error-storage-account-name",),
        codes=(
            "StorageAccountAlreadyTaken",
            "AlreadyExists",
            "NameAlreadyExists",
            "WebsiteAlreadyExists",
            "NameNotAvailable",
            "StorageAccountAlreadyExists",
            "AccountAlreadyExists",
        ),
        says=(
            r"(name|account|website|hostname|host name).{0,90}(already (exists|taken|in use)"
            r"|is (not available|already taken|already in use))",
            r"leaf domain .{0,80}already in use",
            r"website with given name",
            r"(app|site) name .{0,80}not available",
            r"already been taken",
        ),
    ),
    Problem(
        key="name-invalid",
        title="A name breaks Azure's rules",
        cause="Storage accounts have 3 to 24 lower-case letters and digits, function apps 2 to 60"
        " letters, digits and hyphens, SignalR instances 3 to 63.",
        fix="`Workshop.open(suffix='...')` takes 2 to 12 lower-case letters and digits.",
        links=(f"{MANAGER}/management/resource-name-rules",),
        codes=("AccountNameInvalid", "InvalidResourceName", "InvalidResourceGroup"),
        says=(
            r"is not a valid (storage account|resource|resource group|site|app) name",
            r"(account|resource) name must be between",
            r"the host name .{0,80} is invalid",
            r"does not fit into azure's names",
            r"cannot be the name of an? .{0,60}: azure wants",
        ),
    ),
    Problem(
        key="provider-not-registered",
        title="The subscription does not know this service yet",
        cause="A resource provider has to be registered once in a subscription.",
        fix="Run workshop.create_resource_group(), which registers it (or `az provider register"
        " --namespace Microsoft.SignalRService`); your account needs the right to register"
        " providers on the subscription.",
        links=(f"{MANAGER}/troubleshooting/error-register-resource-provider",),
        codes=("MissingSubscriptionRegistration", "SubscriptionNotRegistered"),
        says=(
            r"not registered to use namespace",
            r"(resource )?provider .{0,60}(is )?not registered",
            r"noregisteredproviderfound",
        ),
    ),
    Problem(
        key="free-signalr-used-up",
        title="The free SignalR instances are used up",
        cause="A subscription has five free SignalR instances in a region.",
        fix="Delete one you no longer need, or choose another region:"
        " `Workshop.open(region='westus2')`.",
        links=("aspnet/AzureSignalR-samples#66",),
        codes=(
            "FreeTierLimitExceeded",
            "FreeTierQuotaExceeded",
            "QuotaExceeded",
            "ResourceQuotaExceeded",
            "SubscriptionQuotaReached",
        ),
        says=(
            r"\bfree.{0,40}(quota|limit|instances|resources?)\b.{0,60}(exceed|reach|used|full"
            r"|allowed|maximum)",
            r"quota.{0,60}\bfree\b",
            r"freetierinstances",
            r"(maximum|limit) .{0,40}\bfree\b.{0,40}(signalr|unit|instance)",
        ),
    ),
    Problem(
        key="compute-quota",
        title="The region has no room for the function app",
        cause="This subscription has no quota for the plan's workers in that region; trials and"
        " student subscriptions often have none.",
        fix=f"Choose another region, or Flex Consumption, which the kit uses. {REGION} Or ask for"
        " quota in the portal (Quotas).",
        links=(
            "microsoft/vscode-azurefunctions#2050",
            "Azure/azure-cli#26550",
            "Azure/azure-cli#11330",
            "MicrosoftLearning/PL-400_Microsoft-Power-Platform-Developer#198",
        ),
        codes=("SubscriptionIsOverQuotaForSku",),
        says=(
            r"current limit \([^)]{1,60}\): ?0",
            r"region has quota of 0 instances",
            r"scale operation is not allowed for this subscription",
            r"(without|no) (additional )?quota",
            r"(exceed|over).{0,40}quota.{0,80}(vm|worker|core|plan|sku|dynamic|instance)",
            r"reached the limit of \d+ free \w+ app service plan",
            r"no available instances to satisfy this request",
        ),
    ),
    Problem(
        key="windows-group",
        title="Linux dynamic workers are not available in resource group",
        cause="The group and region once had a plan for Windows, and keep to it.",
        fix="Use a group with another name: `chatkit clean`, then Workshop.open(suffix='...').",
        links=(
            "Azure/Azure-Functions#2308",
            "Azure/Azure-Functions#2346",
            "MicrosoftDocs/azure-docs#36268",
        ),
        codes=("LinuxDynamicWorkersNotAllowedInResourceGroup",),
        says=(r"linux ?(dynamic )?workers ?(are )?not ?(available|allowed)",),
    ),
    Problem(
        key="region-lacks-it",
        title="The region does not offer it",
        cause="Not every region offers everything the chat room needs (Flex Consumption and"
        " SignalR Service), and not to every subscription.",
        fix=REGION,
        links=("Azure/azure-functions-host#3800",),
        codes=(
            "LocationNotAvailableForResourceType",
            "SkuNotAvailable",
            "LocationNotAvailable",
            "RequestDisallowedByAzure",
        ),
        says=(
            r"not (supported|available) (in|for) (this |the )?(region|location)",
            r"not available for resource type",
            r"does not offer flex consumption",
            r"requested features are not supported in region",
            r"does not support (linux )?(flex )?consumption",
            r"(has no|lacks) flex consumption",
        ),
    ),
    Problem(
        key="python-not-offered",
        title="This Python is not offered there",
        cause="The function app asks for Python 3.12, which this region or plan does not run.",
        fix=f"Choose another region. {REGION}",
        links=("Azure/azure-functions-python-worker#1701",),
        codes=("UnsupportedPythonVersion",),
        says=(
            r"(linuxfxversion|python).{0,60}(not supported|unsupported|invalid|deprecated)",
            r"runtime.version.{0,20}(not supported|unsupported|invalid)",
        ),
    ),
    Problem(
        key="policy",
        title="A policy of your organisation forbids this",
        cause="A rule of the subscription refuses the resource, its region, its tags, or the keys"
        " of storage accounts.",
        fix="Use a subscription without that policy, or ask for an exemption for this resource"
        " group. Without keys: notebook 12.",
        links=("MicrosoftDocs/azure-docs#104630",),
        codes=(
            "KeyBasedAuthenticationNotPermitted",
            "RequestDisallowedByPolicy",
            "PublicAccessNotPermitted",
        ),
        says=(
            r"key.?based authentication is not permitted",
            r"disallowed by policy",
            r"policy .{0,80}(denied|violation|not compliant)",
            r"public access is not permitted on this storage account",
        ),
    ),
    Problem(
        key="role-just-assigned",
        title="A role has not arrived yet, or is one for another thing",
        cause="A role that was just assigned takes up to 10 minutes to arrive. A role that manages"
        " a resource (Owner, Contributor) does not open its data.",
        fix="Wait a minute and run the cell again. For blobs the role is Storage Blob Data"
        " Contributor, for messages SignalR Service Owner.",
        links=("MicrosoftDocs/azure-docs#81488", "pulumi/docs#13407"),
        codes=("AuthorizationPermissionMismatch", "InaccessibleStorageException"),
        says=(
            r"not authorized to perform this operation using this permission",
            r"role assignments can take up to",
            r"please note that the update of rbac",
            r"authorization failed \(403\)",
            r"do not have the required permissions .{0,80}(storage|blob)",
            r"failed to access storage account for deployment",
        ),
    ),
    Problem(
        key="role-missing",
        title="Your account lacks a role",
        cause="No role of this account allows the action on this scope, or it was assigned a"
        " moment ago.",
        fix="Contributor on the subscription, or on a resource group made for you, is enough; to"
        " assign roles, Owner or User Access Administrator. After it was given, wait some minutes"
        " and `az login` anew.",
        links=("Azure/azure-functions-core-tools#1780",),
        codes=(
            "AuthorizationFailed",
            "LinkedAuthorizationFailed",
            "RoleDefinitionDoesNotExist",
        ),
        says=(
            r"does not have (authorization|permission) to perform (the )?action",
            r"(do not|don't) have (sufficient |the required )?"
            r"(permission|authorization|access|right)s? to",
            r"not allowed: microsoft\.\w+/",
        ),
        may_say=(r"invalid status '?forbidden", r"\bforbidden\b.{0,60}management\.azure"),
    ),
    Problem(
        key="principal-not-found",
        title="The identity is not known yet",
        cause="A managed identity or app registration was made a moment ago, and the directory"
        " does not know it everywhere yet; or its id is that of the app, not of the principal.",
        fix="Wait a minute and run the cell again.",
        links=("https://learn.microsoft.com/azure/role-based-access-control/troubleshooting",),
        codes=("PrincipalNotFound", "RoleAssignmentExists"),
        says=(
            r"principal .{0,80}does not exist in the directory",
            r"role assignment already exists",
            r"cannot find (user or )?service principal",
        ),
    ),
    Problem(
        key="throttled",
        title="Azure asks to go slower",
        cause="Too many requests came from this subscription at once.",
        fix="Wait a minute and run the cell again: every step can be repeated.",
        links=(f"{MANAGER}/management/request-limits-and-throttling",),
        codes=(
            "SubscriptionRequestsThrottled",
            "OperationNotAllowedThrottled",
            "RequestsThrottled",
        ),
        says=(
            r"number of .{0,20} requests for the subscription exceeded",
            r"requests? (was|were|is|are|have been|has been) throttled",
            r"too many requests.{0,80}(management\.azure|subscription|resource manager)",
        ),
    ),
    Problem(
        key="group-being-deleted",
        title="The resource group is still being deleted",
        cause="The group is still being deleted, which takes minutes; nothing can be made in it"
        " meanwhile.",
        fix="Wait a minute and run the cell again.",
        links=(f"{MANAGER}/management/delete-resource-group",),
        codes=("ResourceGroupBeingDeleted", "ResourceGroupDeprovisioning"),
        says=(r"resource group .{0,90} (deprovisioning|being deleted)",),
    ),
    Problem(
        key="group-elsewhere",
        title="The resource group exists in another region",
        cause="A resource group never moves; this one was made in another region.",
        fix="Use that region: `Workshop.open(region='...')`.",
        links=("https://learn.microsoft.com/azure/azure-resource-manager/management/overview",),
        codes=("InvalidResourceGroupLocation", "InvalidResourceLocation"),
        says=(r"already exists in location",),
    ),
    Problem(
        key="locked",
        title="A lock protects the resource",
        cause="Somebody put a lock on the group or the resource: it cannot be deleted, or not"
        " changed either.",
        fix="`az lock list --resource-group GROUP` names it; its owner takes it away.",
        links=(
            "https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources",
        ),
        codes=("ScopeLocked",),
        says=(r"cannot perform (delete|write) operation because .{0,60}locked",),
    ),
    Problem(
        key="resources-gone",
        title="What the workshop made is gone",
        cause="Resources that sections have made do not exist any more: somebody deleted them, or"
        " their group, or the local cloud began anew.",
        fix="`chatkit catch-up` makes them again and goes on where you were; to end the workshop,"
        " `chatkit clean`.",
        links=("Azure/azure-functions-core-tools#2649",),
        says=(r"(function app|resource group|resource|instance) (has )?(disappeared|is gone)",),
    ),
    Problem(
        key="group-missing",
        title="The resource group is not there",
        cause="It was not made yet, was deleted, or lies in another subscription.",
        fix="Run workshop.create_resource_group() first.",
        links=("Azure/azure-functions-core-tools#2649",),
        codes=("ResourceGroupNotFound",),
        says=(r"resource group .{0,90} could not be found",),
    ),
    Problem(
        key="resource-missing",
        title="Something this step builds on does not exist",
        cause="A resource was not made yet, was deleted, or has another name.",
        fix="workshop.catch_up() makes what you have not made so far; workshop.status() shows what"
        " there is.",
        links=("Azure/azure-functions-core-tools#2649",),
        codes=("ResourceNotFound", "ParentResourceNotFound"),
        says=(
            r"the resource '?microsoft\.[\w./-]{1,200}'? .{0,80}was not found",
            r"can'?t find app with name",
            r"there is no (function app|signalr|storage account|instance) .{0,20}yet",
            r"no (matching )?resource found",
            r"(storage account|function app|web ?app|signalr( service)?|plan) '[^']{1,80}' (was not"
            r"|could not be) found",
        ),
        may_say=(r"\bwas not found\b.{0,60}resource",),
    ),
)
