"""Signing in to Azure from this machine: az, the SDKs' credentials, the network between."""

from __future__ import annotations

from chatkit.knowledge.problem import LEARN, Problem

SDK = "https://aka.ms/azsdk/python/identity/defaultazurecredential/troubleshoot"

PROBLEMS = (
    Problem(
        key="certificate-not-trusted",
        title="The certificate is not trusted",
        cause="Something between opens the encrypted connection (a company's proxy), or a program"
        " does not know the local cloud's own authority.",
        fix='For the local cloud: `chatkit az ...`, or `eval "$(chatkit local env)"` in this'
        " shell. On Azure: let REQUESTS_CA_BUNDLE name a file with the company's certificate, or"
        " use another network.",
        links=("Azure/azure-cli#22348", "Azure/azure-cli#10272"),
        says=(
            r"certificate[_ ]verif(y|ication)[_ ]failed",
            r"self.signed certificate",
            r"unable to (get local issuer|verify the first) certificate",
            r"err_cert_(authority_invalid|common_name_invalid|date_invalid)",
            r"sec_error_unknown_issuer|mozilla_pkix_error",
            r"the remote certificate is invalid",
            r"depth_zero_self_signed_cert|self_signed_cert_in_chain|unable_to_verify_leaf",
            r"x509: certificate signed by unknown authority",
            r"no certificate or crl found",
            r"could not create ssl/tls secure channel",
            r"could not find a suitable tls ca certificate bundle",
        ),
    ),
    Problem(
        key="az-not-installed",
        title="Azure is the target, and az is not there",
        cause="The kit signs in to Azure as az did, and finds no az on the PATH.",
        fix="Install the Azure CLI (https://aka.ms/installazurecli), then `az login`; or go back to"
        " the local cloud: Workshop.open(target='local').",
        links=("Azure/azure-sdk-for-python#31369", "Azure/azure-sdk-for-js#7637"),
        says=(
            r"azure cli (\(az\) )?(is |was )?(not|could not be) (found|installed)",
            r"chatkit_az names no program",
            r"azure cli not found on path",
            r"(please )?install the azure cli",
            r"make sure (that )?you have the `?az`? cli",
        ),
    ),
    Problem(
        key="not-signed-in",
        title="Nobody is signed in to Azure",
        cause="Nobody is signed in to Azure on this machine.",
        fix="Type `az login` in a terminal (with --tenant ID where the account has several), then"
        " try again; or go back to the local cloud: Workshop.open(target='local').",
        links=(
            SDK,
            "Azure/azure-cli#31648",
            "Azure/azure-cli#30589",
            "Azure/azure-sdk-for-python#28478",
        ),
        codes=("InvalidAuthenticationToken", "ExpiredAuthenticationToken"),
        says=(
            r"please run '?\"?az login",
            r"run:? az login",
            r"`?az login`? to (set ?up|sign in|authenticate)",
            r"aadsts(700082|50173|70046|700084|700081|135010|50085|700003|70002\b)",
            r"(defaultazure|chainedtoken|azurecli|environment|managedidentity|sharedtokencache)"
            r"credential.{0,40}(failed to retrieve|authentication unavailable|unavailable)",
            r"no response from the imds endpoint",
            r"(clientauthenticationerror|credentialunavailableerror)",
            r"(access|refresh) token (has expired|is invalid|expired due to)",
            r"interactive authentication is needed",
            r"account has previously been signed out",
            r"no accounts were found in the cache",
            r"authenticationrequirederror",
        ),
    ),
    Problem(
        key="no-subscription",
        title="No subscription could be chosen",
        cause="The account has no subscription, several, or not the one that is named.",
        fix="`az account list` shows them; set CHATKIT_SUBSCRIPTION to the id of one, or `az"
        " account set --subscription ID`.",
        links=("https://learn.microsoft.com/cli/azure/manage-azure-subscriptions-azure-cli",),
        codes=("SubscriptionNotFound", "InvalidSubscriptionId"),
        says=(
            r"subscription .{0,80}(could not be found|doesn't exist|does not exist"
            r"|not recognized|was not found)",
            r"no subscriptions? (was |were )?found",
            r"there are \d+ subscriptions to choose from",
            r"the subscription of '[^']{0,80}' doesn't exist in cloud",
            r"the provided subscription identifier",
        ),
    ),
    Problem(
        key="subscription-disabled",
        title="The subscription is switched off",
        cause="The subscription is disabled or read-only: its credit, its trial or its payment has"
        " ended.",
        fix="Choose another one (CHATKIT_SUBSCRIPTION), or let its owner enable it again; the"
        " local cloud costs nothing: Workshop.open(target='local').",
        links=(f"{LEARN}/cost-management-billing/manage/subscription-disabled",),
        codes=("ReadOnlyDisabledSubscription", "SubscriptionDisabled", "DisallowedOperation"),
        says=(
            r"subscription .{0,80}(is disabled|disabled and therefore marked as read only)",
            r"reached (its|the) spending limit",
        ),
    ),
    Problem(
        key="clock-wrong",
        title="This machine's clock is wrong",
        cause="Tokens have a time: with a clock more than five minutes off, all are too early or"
        " too late.",
        fix="Set the clock, and let it be set over the network from now on.",
        links=("Azure/azure-cli#10272",),
        says=(
            r"request date header too old",
            r"idx10222",
            r"token (is )?not (yet|valid yet|valid before)",
            r"immaturesignatureerror",
            r"aadsts(500133|700024|50133)\b",
            r"clock skew",
            r"not within its valid time range",
        ),
    ),
    Problem(
        key="az-too-old",
        title="az does not take the command as it is typed",
        cause="A word or an option is mistyped or missing, the Azure CLI is older than the command,"
        " or an extension of it is missing.",
        fix="`az COMMAND --help` lists what the command takes. `az upgrade`; `az extension add"
        " --name NAME` where it names an extension.",
        links=("https://learn.microsoft.com/cli/azure/update-azure-cli",),
        says=(
            r"is misspelled or not recognized by the system",
            r"\baz\b.{0,200}unrecognized arguments",
            r"unrecognized arguments: -",
            r"the following arguments are required: ",
            r"argument \S{1,80}: expected (one|at least one) argument",
            r"(requires|install) the extension",
            r"is not in the '?az\b",
        ),
    ),
    Problem(
        key="name-not-resolved",
        title="A host name is not found",
        cause="The name does not exist (a typing mistake, a resource that is gone or minutes"
        " old), or this machine has no way to the internet.",
        fix="Compare the name with workshop.status(); wait two minutes after a resource is made."
        " Without internet the local cloud works: Workshop.open(target='local').",
        links=("Azure/azure-cli#20921", "Azure/azure-functions-host#6258"),
        says=(
            r"err_name_not_resolved|err_internet_disconnected|dns_probe_",
            r"getaddrinfo (failed|enotfound|eai_again)",
            r"(name or service not known|nodename nor servname|temporary failure in name)",
            r"no such host( is known)?",
            r"failed to resolve '?",
            r"^(?!.*proxyerror).*no address associated with hostname",
            r"could not resolve host",
            r"nameresolutionerror",
            r"azuresignalrinaccessibleendpoint",
            r"network is unreachable",
        ),
    ),
)
