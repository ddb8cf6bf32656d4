"""What Blob storage answers when it refuses: codes and sentences, rendered as XML once.

Follows Microsoft's pages "Common REST API error codes" and "Blob Storage error codes".
"""

from __future__ import annotations

from collections.abc import Mapping

from chatkit.localcloud.core.errors import LocalCloudError
from chatkit.localcloud.storage.formats.xmltext import Element, document

SIGN_IN = (
    "Server failed to authenticate the request."
    " Please refer to the information in the www-authenticate header."
)
SUPPORTED = (
    "This local cloud has containers, block blobs, append blobs, leases, copies between its"
    " accounts, tags, batches, shared access signatures and static websites."
)
KNOWN: dict[str, tuple[int, str]] = {
    "AppendPositionConditionNotMet": (412, "The append position condition specified was not met."),
    "AuthenticationFailed": (
        403,
        "Server failed to authenticate the request."
        " Make sure the value of Authorization header is formed correctly"
        " including the signature.",
    ),
    "AuthorizationFailure": (403, "This request is not authorized to perform this operation."),
    "AuthorizationPermissionMismatch": (
        403,
        "This request is not authorized to perform this operation using this permission.",
    ),
    "AuthorizationProtocolMismatch": (
        403,
        "This request is not authorized to perform this operation using this protocol.",
    ),
    "AuthorizationResourceTypeMismatch": (
        403,
        "This request is not authorized to perform this operation using this resource type.",
    ),
    "AuthorizationServiceMismatch": (
        403,
        "This request is not authorized to perform this operation using this service.",
    ),
    "AuthorizationSourceIPMismatch": (
        403,
        "This request is not authorized to perform this operation using this source IP.",
    ),
    "BlobAlreadyExists": (409, "The specified blob already exists."),
    "BlobIsSealed": (
        409,
        "The specified blob is sealed and its contents can't be modified unless the blob is"
        " re-created after a delete.",
    ),
    "BlobArchived": (409, "This operation is not permitted on an archived blob."),
    "BlobBeingRehydrated": (
        409,
        "This operation is not permitted because the blob is being rehydrated.",
    ),
    "BlobNotFound": (404, "The specified blob does not exist."),
    "BlockCountExceedsLimit": (
        409,
        "The committed block count cannot exceed the maximum limit of 50,000 blocks.",
    ),
    "CannotVerifyCopySource": (404, "The specified blob does not exist."),
    "ConditionNotMet": (
        412,
        "The condition specified using HTTP conditional header(s) is not met.",
    ),
    "ContainerAlreadyExists": (409, "The specified container already exists."),
    "ContainerNotFound": (404, "The specified container does not exist."),
    "CorsPreflightFailure": (403, "CORS not enabled or no matching rule found for this request."),
    "Crc64Mismatch": (
        400,
        "The CRC64 value specified in the request did not match with the CRC64 value calculated by"
        " the server.",
    ),
    "EmptyMetadataKey": (400, "The key for one of the metadata key-value pairs is empty."),
    "HierarchicalNamespaceNotEnabled": (
        400,
        "This operation is only supported on a hierarchical namespace account.",
    ),
    # Azure has no disk that its users could fill; RFC 4918 §11.5 has the status.
    "InsufficientStorage": (507, "There is no space left for what is to be stored."),
    "InternalError": (
        500,
        "Server encountered an internal error. Please try again after some time.",
    ),
    "InvalidAuthenticationInfo": (401, SIGN_IN),
    "InvalidBlobOrBlock": (400, "The specified blob or block content is invalid."),
    "InvalidBlobType": (409, "The blob type is invalid for this operation."),
    "InvalidBlockList": (400, "The specified block list is invalid."),
    "InvalidHeaderValue": (
        400,
        "The value for one of the HTTP headers is not in the correct format.",
    ),
    "InvalidInput": (400, "One of the request inputs is not valid."),
    "InvalidMd5": (
        400,
        "The MD5 value specified in the request is invalid."
        " MD5 value must be 128 bits and base64 encoded.",
    ),
    "InvalidMetadata": (
        400,
        "The metadata specified is invalid. It has characters that are not permitted.",
    ),
    "InvalidOperation": (409, "The operation is not allowed on the resource in its present state."),
    "InvalidQueryParameterValue": (
        400,
        "Value for one of the query parameters specified in the request URI is invalid.",
    ),
    "InvalidRange": (416, "The range specified is invalid for the current size of the resource."),
    # Azure's spelling, as in https://github.com/Azure/azure-sdk-for-js (recordings of its tests).
    "InvalidResourceName": (400, "The specifed resource name contains invalid characters."),
    "InvalidUri": (400, "The requested URI does not represent any resource on the server."),
    "InvalidXmlDocument": (400, "XML specified is not syntactically valid."),
    "InvalidXmlNodeValue": (
        400,
        "The value for one of the XML nodes is not in the correct format.",
    ),
    "KeyBasedAuthenticationNotPermitted": (
        403,
        "Key based authentication is not permitted on this storage account.",
    ),
    "LeaseAlreadyBroken": (409, "The lease has already been broken and cannot be broken again."),
    "LeaseAlreadyPresent": (409, "There is already a lease present."),
    "LeaseIdMismatchWithBlobOperation": (
        412,
        "The lease ID specified did not match the lease ID for the blob.",
    ),
    "LeaseIdMismatchWithContainerOperation": (
        412,
        "The lease ID specified did not match the lease ID for the container.",
    ),
    "LeaseIdMismatchWithLeaseOperation": (
        409,
        "The lease ID specified did not match the lease ID for the blob/container.",
    ),
    "LeaseIdMissing": (
        412,
        "There is currently a lease on the resource and no lease ID was specified in the request.",
    ),
    "LeaseIsBreakingAndCannotBeAcquired": (
        409,
        "The lease ID matched, but the lease is currently in breaking state and cannot be acquired"
        " until it is broken.",
    ),
    "LeaseIsBreakingAndCannotBeChanged": (
        409,
        "The lease ID matched, but the lease is currently in breaking state and cannot be changed.",
    ),
    "LeaseIsBrokenAndCannotBeRenewed": (
        409,
        "The lease ID matched, but the lease has been broken explicitly and cannot be renewed.",
    ),
    "LeaseLost": (
        412,
        "A lease ID was specified, but the lease for the blob/container has expired.",
    ),
    "LeaseNotPresentWithBlobOperation": (412, "There is currently no lease on the blob."),
    "LeaseNotPresentWithContainerOperation": (412, "There is currently no lease on the container."),
    "LeaseNotPresentWithLeaseOperation": (
        409,
        "There is currently no lease on the blob/container.",
    ),
    "MaxBlobSizeConditionNotMet": (412, "The max blob size condition specified was not met."),
    "Md5Mismatch": (
        400,
        "The MD5 value specified in the request did not match with the MD5 value calculated by the"
        " server.",
    ),
    "MetadataTooLarge": (
        400,
        "The size of the specified metadata exceeds the maximum size permitted.",
    ),
    "MissingContentLengthHeader": (411, "The Content-Length header was not specified."),
    "MissingRequiredHeader": (
        400,
        "An HTTP header that's mandatory for this request is not specified.",
    ),
    "MissingRequiredQueryParameter": (
        400,
        "A required query parameter was not specified for this request.",
    ),
    "MissingRequiredXmlNode": (400, "A required XML node was not specified in the request body."),
    "NoAuthenticationInformation": (401, SIGN_IN),
    "NoPendingCopyOperation": (409, "There is currently no pending copy operation."),
    "NotImplemented": (501, f"The requested operation is not provided here. {SUPPORTED}"),
    "OutOfRangeInput": (400, "One of the request inputs is out of range."),
    "OutOfRangeQueryParameterValue": (
        400,
        "A query parameter specified in the request URI is outside the permissible range.",
    ),
    "PublicAccessNotPermitted": (409, "Public access is not permitted on this storage account."),
    "RequestBodyTooLarge": (
        413,
        "The request body is too large and exceeds the maximum permissible limit.",
    ),
    "ServerBusy": (
        503,
        "The server is currently unable to receive requests. Please retry your request.",
    ),
    "ResourceNotFound": (404, "The specified resource does not exist."),
    "SourceConditionNotMet": (
        412,
        "The source condition specified using HTTP conditional header(s) is not met.",
    ),
    "UnsatisfiableCondition": (
        400,
        "The request includes an unsatisfiable condition for this operation.",
    ),
    "UnsupportedHeader": (
        400,
        "One of the HTTP headers specified in the request is not supported.",
    ),
    "UnsupportedHttpVerb": (405, "The resource doesn't support specified Http Verb."),
    "UnsupportedQueryParameter": (
        400,
        "One of the query parameters specified in the request URI is not supported.",
    ),
}


class StorageError(LocalCloudError):
    """A refused request.

    Args:
        code: Azure's error code; `KNOWN` has status and sentence.
        message: Another sentence than the usual one.
        status: Another status than the usual one.
        details: More elements of the XML answer, for example HeaderName.
        headers: More headers of the answer, for example WWW-Authenticate.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int = 0,
        details: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        usual_status, usual_message = KNOWN[code]
        super().__init__(message or usual_message, status=status or usual_status, code=code)
        self.details = dict(details or {})
        self.headers = dict(headers or {})

    def body(self, *, request_id: str, time: str) -> bytes:
        """The XML that the service sends; empty where HTTP allows no body."""
        if self.status == 304:
            return b""
        message = f"{self}\nRequestId:{request_id}\nTime:{time}"
        said = {"Code": self.code, "Message": message, **self.details}
        return document(Element("Error", [Element(name, text) for name, text in said.items()]))


def bad_header(name: str, value: str) -> StorageError:
    """A request header that cannot be understood."""
    return StorageError("InvalidHeaderValue", details={"HeaderName": name, "HeaderValue": value})


def missing_header(name: str) -> StorageError:
    """A request header that has to be there."""
    return StorageError("MissingRequiredHeader", details={"HeaderName": name})


def bad_query(name: str, value: str) -> StorageError:
    """A query parameter that cannot be understood."""
    return StorageError(
        "InvalidQueryParameterValue",
        details={"QueryParameterName": name, "QueryParameterValue": value, "Reason": ""},
    )


def not_provided(what: str) -> StorageError:
    """Something that Azure has and this local cloud does not have."""
    return StorageError("NotImplemented", f"{what} is not provided here. {SUPPORTED}")
