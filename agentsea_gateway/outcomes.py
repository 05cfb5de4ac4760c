"""Which error a provider's answer stands for: status first, then the body's code, the message text last.

    status                                   error                        outcome
    401, 407, 498                            AuthenticationError          benched
    402                                      QuotaExceededError           benched
    403                                      PermissionDeniedError        benched
    404, 405                                 NotFoundError                benched
    429                                      RateLimitError               throttled
    400, 413, 422, 451                       BadRequestError              own fault
    503, 529                                 OverloadedError              failure
    every other one (3xx, 408, 409, 5xx …)   InternalServerError          failure

A code or a text refines this only where vendors put several meanings into one status: 400 and its relatives
(a bad key, exhausted credit, pushback, the context window, a content policy), 403 and 429 (exhausted credit). A CDN's
or a proxy's web page with a 403 or 404 says nothing about the key or the model: a failure.

Sources: OpenAI "Error codes", Anthropic "Errors" (with `details.error_code`), Google "Error codes", Amazon Bedrock
"CommonErrors", OpenRouter "Errors", DeepSeek "Error codes", as of November 2026.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING

from agentsea_gateway.aside import load
from agentsea_gateway.errors import (
    AuthenticationError,
    BadRequestError,
    ContentPolicyViolationError,
    ContextWindowExceededError,
    InternalServerError,
    MalformedResponseError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaExceededError,
    RateLimitError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST_RETRY_AFTER = 600.0  # seconds

Kind = type[ProviderError]

BY_STATUS: dict[int, Kind] = {
    **dict.fromkeys((401, 407, 498), AuthenticationError),
    402: QuotaExceededError,
    403: PermissionDeniedError,
    **dict.fromkeys((404, 405), NotFoundError),
    429: RateLimitError,
    **dict.fromkeys((400, 413, 422, 451), BadRequestError),
    **dict.fromkeys((503, 529), OverloadedError),
}

# The vendors' codes in lower case, letters and digits only ("insufficient_quota" and "InsufficientQuota" are one),
# with the status that each stands for inside a 200 or as a stream's event.
_KNOWN_CODES: tuple[tuple[Kind, int, str], ...] = (
    (QuotaExceededError, 429, "insufficientquota billingnotactive exceededcurrentquotaerror quotaexhausted"),
    (QuotaExceededError, 402, """
        billingerror billinghardlimitreached insufficientbalance insufficientcredits creditsexhausted paymentrequired
        arrearage contractspendlimitreached enforcedspendlimitreached linkedorganizationspendlimitreached
        linkedorganizationbillingunavailable"""),
    (AuthenticationError, 401, """
        authenticationerror invalidapikey apikeyinvalid invalidauthentication invalidauthenticationerror
        unauthenticated unauthorized unrecognizedclientexception invalidsignatureexception expiredtokenexception
        incompletesignature incompletesignatureexception invalidclienttokenid missingauthenticationtokenexception
        requestexpired"""),
    (PermissionDeniedError, 403, """
        permissionerror permissiondenied accessdenied accessdeniedexception notauthorized forbidden organizationonhold
        unsupportedcountryregionterritory"""),
    (NotFoundError, 404, """
        notfounderror notfound modelnotfound modelnotfounderror resourcenotfoundexception deploymentnotfound
        invalidmodel"""),
    (RateLimitError, 429, """
        ratelimiterror ratelimitexceeded ratelimitreached ratelimitreachederror ratelimited ratelimit toomanyrequests
        throttlingexception throttling servicequotaexceededexception resourceexhausted ramplimitexceeded"""),
    (ContextWindowExceededError, 400, """
        contextlengthexceeded contextwindowexceeded modelcontextwindowexceeded toomanyprompttokens toomanytokens
        exceedcontextsizeerror prompttoolong promptistoolong inputtoolong"""),
    (ContentPolicyViolationError, 400, """
        contentfilter contentpolicyviolation responsibleaipolicyviolation moderationblocked contentmoderation
        datainspectionfailed imagecontentpolicyviolation safetyerror policyviolation"""),
    (OverloadedError, 529, "overloadederror overloaded"),
    (OverloadedError, 503, """
        serviceunavailable serviceunavailableerror unavailable engineoverloaded engineoverloadederror slowdown
        modelnotreadyexception serviceunavailableexception insufficientsystemresource"""),
    (InternalServerError, 504, "timeouterror timeout deadlineexceeded modeltimeoutexception gatewaytimeout"),
    (InternalServerError, 500, """
        apierror servererror internalservererror internalerror internal internalserverexception internalfailure
        modelerrorexception modelstreamerrorexception upstreamerror networkerror"""),
    (BadRequestError, 413, "requesttoolarge requestentitytoolarge"),
    (BadRequestError, 400, """
        invalidrequesterror invalidargument invalidrequest invalidprompt badrequest validationexception
        validationerror invalidparameter unsupportedparameter unsupportedvalue failedprecondition
        invalidimage invalidimageformat invalidimagemode invalidimageurl invalidbase64image imagetoolarge imagetoosmall
        imagefiletoolarge imagefilenotfound imageparseerror unsupportedimagemediatype emptyimagefile
        failedtodownloadimage"""),
)  # fmt: skip
_CODES = {code: (kind, status) for kind, status, codes in _KNOWN_CODES for code in codes.split()}

# Last resort, where a vendor has one code for everything. Each pattern is a phrase that a vendor was seen to send; they
# are compiled by the first failure that needs them, not by every import.
_TEXTS: tuple[tuple[Kind, str], ...] = (
    (
        QuotaExceededError,
        (
            r"credit balance|insufficient (?:balance|credit|funds|quota)|out of (?:credit|funds)"
            r"|used all available credits|have any credits|requires more credits|billing hard limit|no resource package"
            r"|please recharge|spend(?:ing)? limit"
        ),
    ),
    (
        AuthenticationError,
        (
            r"(?:incorrect|invalid|wrong|missing|bad|expired) (?:x-)?api[ -]?key"
            r"|api[ -]?key (?:is )?(?:not valid|invalid|expired|missing)|authentication fail"
        ),
    ),
    (
        ContextWindowExceededError,
        (
            r"context (?:length|window|limit|size)|maximum context|max context|prompt (?:is )?too long"
            r"|input (?:is )?too long|too many (?:input |prompt )?tokens|input tokens? exceed"
            r"|token count.{0,40}exceed|exceeds? (?:the )?max(?:imum)? (?:number of )?(?:input |prompt )?"
            r"(?:tokens|length)|messages is too long|reduce the length of"
        ),
    ),
    (
        ContentPolicyViolationError,
        (
            r"content[ _-](?:management |filtering )?polic|content[ _-]filter|safety (?:system|polic|filter)"
            r"|usage polic|moderation|responsible ai|was flagged|been flagged|prohibited content"
        ),
    ),
    (RateLimitError, r"rate limit|too many requests|throttl"),
)

# Codes that complain about one parameter by its name, which may be any word ("Unknown parameter: 'moderation'.").
_OF_A_PARAMETER = frozenset((
    *("unknownparameter", "unsupportedparameter", "unsupportedvalue"),
    *("missingrequiredparameter", "invalidtype", "invalidvalue"),
))  # fmt: skip

_REFUSALS = (400, 413, 422, 451)
_REFINED_BY_TEXT: dict[int, tuple[Kind, ...]] = {
    **dict.fromkeys(_REFUSALS, tuple(kind for kind, _ in _TEXTS)),
    403: (QuotaExceededError, ContentPolicyViolationError),
    429: (QuotaExceededError,),
}
_REFINED_BY_CODE: dict[int, tuple[Kind, ...]] = {
    **_REFINED_BY_TEXT,
    **dict.fromkeys(_REFUSALS, (*_REFINED_BY_TEXT[400], PermissionDeniedError, NotFoundError)),
    500: (OverloadedError,),
}


def classify(
    status: int | None, code: str | Sequence[str] | None = None, message: str = "", html: bool = False
) -> type[ProviderError]:
    """The error class for an answer with this HTTP status, error code (or codes, the most telling first) and message.

    `status` None or 2xx is an error inside an answer that claimed success: what its code stands for counts, and a web
    page is no answer. `html` tells that the body was a web page.
    """
    codes = (code,) if isinstance(code, str) else (code or ())
    if status is None or 200 <= status < 300:
        if html:
            return MalformedResponseError
        status = status_of(codes, message)
    if html and status in (403, 404):
        return InternalServerError
    found = _by_code(codes, _REFINED_BY_CODE.get(status, ()))
    if not found and _OF_A_PARAMETER.isdisjoint(map(_plain, codes)):
        found = _by_text(message, _REFINED_BY_TEXT.get(status, ()))
    return found or BY_STATUS.get(status, InternalServerError)


def status_of(code: str | Sequence[str] | None, message: str = "") -> int:
    """The HTTP status that an error's code stands for; 500 where nothing tells.

    >>> status_of("rate_limit_error"), status_of("429"), status_of("who knows")
    (429, 429, 500)
    """
    codes = (code,) if isinstance(code, str) else (code or ())
    for each in codes:
        if each.isascii() and each.isdigit() and 300 <= int(each[:4]) < 600 and len(each) == 3:
            return int(each)
    found = [_CODES[plain] for plain in map(_plain, codes) if plain in _CODES]
    if found:
        return next((status for kind, status in found if kind is not BadRequestError), found[0][1])
    kind = _by_text(message, tuple(kind for kind, _ in _TEXTS))
    return 500 if kind is None else next(status for told, status in _CODES.values() if told is kind)


def _plain(code: str) -> str:
    return "".join(filter(str.isalnum, code.lower()))


def _by_code(codes: Sequence[str], kinds: tuple[Kind, ...]) -> Kind | None:
    if kinds:
        for code in codes:
            kind, _ = _CODES.get(_plain(code), (None, 0))
            if kind in kinds:
                return kind
    return None


def _by_text(message: str, kinds: tuple[Kind, ...]) -> Kind | None:
    if kinds and message:
        for kind, pattern in _TEXTS:
            if kind in kinds and re.search(pattern, message, re.IGNORECASE):
                return kind
    return None


def retry_after(headers: Mapping[str, str], now_unix: float) -> float | None:
    """Seconds to wait as `retry-after-ms` or `retry-after` (seconds or an HTTP date, RFC 9110 10.2.3) ask for.

    At most 600; 0 for a date that has passed; None for what is absent, negative, not finite or no number.
    Header names in lower case.
    """
    exact = _seconds(headers.get("retry-after-ms"))
    value = headers.get("retry-after")
    # Azure rounds a wait below a second down to `retry-after-ms: 0` beside `retry-after: 1`: nobody waits 0 ms.
    if exact:
        return min(exact / 1000, LONGEST_RETRY_AFTER)
    seconds = _seconds(value)
    if seconds is None and value is not None and value[:1].isalpha():
        seconds = _until(value, now_unix)
    if seconds is None:
        return exact
    return min(seconds, LONGEST_RETRY_AFTER)


def _seconds(value: str | None) -> float | None:
    try:
        number = float(value) if value is not None and "_" not in value else None
    except ValueError:
        return None
    return number if number is not None and isfinite(number) and number >= 0 else None


def _until(date: str, now_unix: float) -> float | None:
    load("email.utils")
    from email.utils import parsedate_to_datetime  # heavy, and this form is rare

    try:
        moment = parsedate_to_datetime(date)
        if moment.tzinfo is None:  # "-0000": UTC without saying so (RFC 5322, 3.3)
            load("datetime")
            from datetime import UTC

            moment = moment.replace(tzinfo=UTC)
        return max(0.0, moment.timestamp() - now_unix)
    except (ValueError, TypeError, OverflowError):
        return None
