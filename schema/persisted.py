"""Documents known by their hash: learned from clients (automatic persisted queries) or fixed by the operator.

Learned documents are kept per workspace, so that one tenant cannot find out what another one asks. A manifest of
trusted documents, where one is set, is the only thing that may run.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from graphql import GraphQLError

NOT_FOUND: Final = "PERSISTED_QUERY_NOT_FOUND"
NOT_TRUSTED: Final = "DOCUMENT_NOT_TRUSTED"
INVALID: Final = "INVALID_PERSISTED_QUERY"


class PersistedDocumentRefused(Exception):
    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code
        self.error = GraphQLError(message, extensions={"code": code})


class PersistedDocuments:
    """`resolve` gives the text to run; `learn` keeps it once it has proved valid."""

    def __init__(
        self, *, trusted: Mapping[str, str] | None = None, kept_per_process: int = 2_000, longest: int = 20_000
    ) -> None:
        self._trusted = dict(trusted) if trusted is not None else None
        self._learned: OrderedDict[tuple[UUID, str], str] = OrderedDict()
        self._most = kept_per_process
        self._longest = longest

    def resolve(self, workspace_id: UUID, text: str | None, digest: str | None) -> str:
        """The document of a request that gives its text, its SHA-256, or both."""
        if self._trusted is not None:
            return self._trusted_text(text, digest)
        if digest is None:
            if not text:
                raise PersistedDocumentRefused("The request has no query.", "BAD_REQUEST")
            return text
        if text is None:
            return self._learned_text(workspace_id, digest)
        if not hmac.compare_digest(digest_of(text), digest):
            raise PersistedDocumentRefused("sha256Hash is not the SHA-256 of the query.", INVALID)
        return text

    def learn(self, workspace_id: UUID, text: str, digest: str | None) -> None:
        if digest is None or self._trusted is not None or len(text) > self._longest:
            return
        self._learned[workspace_id, digest] = text
        self._learned.move_to_end((workspace_id, digest))
        if len(self._learned) > self._most:
            self._learned.popitem(last=False)

    def _learned_text(self, workspace_id: UUID, digest: str) -> str:
        text = self._learned.get((workspace_id, digest))
        if text is None:
            # Clients recognise exactly this sentence and send the whole query then.
            raise PersistedDocumentRefused("PersistedQueryNotFound", NOT_FOUND)
        self._learned.move_to_end((workspace_id, digest))
        return text

    def _trusted_text(self, text: str | None, digest: str | None) -> str:
        assert self._trusted is not None
        key = digest_of(text) if text else (digest or "")
        found = self._trusted.get(key)
        if found is None:
            raise PersistedDocumentRefused("This server runs only the documents of its manifest.", NOT_TRUSTED)
        return found


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def digest_in(extensions: Mapping[str, Any], document_id: Any) -> str | None:
    """The SHA-256 that a request names, as `extensions.persistedQuery` or as `documentId`."""
    named = extensions.get("persistedQuery")
    if named is None and document_id is None:
        return None
    digest = named.get("sha256Hash") if isinstance(named, Mapping) else document_id
    if isinstance(named, Mapping) and named.get("version") != 1:
        raise PersistedDocumentRefused("persistedQuery.version must be 1.", INVALID)
    if isinstance(digest, str):
        digest = digest.removeprefix("sha256:")
    if not isinstance(digest, str) or len(digest) != 64 or not digest.isascii() or not digest.isalnum():
        raise PersistedDocumentRefused("A persisted query is named by 64 hexadecimal digits of SHA-256.", INVALID)
    return digest.lower()


def manifest_documents(manifest: Any) -> dict[str, str]:
    """Documents by SHA-256 from a manifest: `{hash: text}`, a list of texts, or Apollo's format."""
    if isinstance(manifest, dict) and isinstance(manifest.get("operations"), list):
        texts = [operation["body"] for operation in manifest["operations"]]
    elif isinstance(manifest, dict):
        texts = list(manifest.values())
    else:
        texts = list(manifest)
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("every document of the manifest must be text")
    return {digest_of(text): text for text in texts}
