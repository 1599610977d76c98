# px0.py - a client of px0's auth API, written against its public OpenAPI document alone, for px0.t
#
#   px0.py URL
#
# Each line of standard input is a call: OPERATION, TOKEN and ARGUMENTS, between tabs. OPERATION is an operationId of the
# document, TOKEN may be empty, ARGUMENTS are a JSON object, or anything else, to be sent as it is. Answers with a line:
# the status and the body; where the document has no such status for the operation, or another shape for it, a line that
# begins with `undocumented:`.
import datetime
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid


def is_time(value):
    return datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).utcoffset() is not None


def is_uuid(value):
    return str(uuid.UUID(value)) == value


def is_text(value):
    return isinstance(value, str) and value != ""


def is_flag(value):
    return isinstance(value, bool)


USER = {"id": is_uuid, "email": is_text, "is_verified": is_flag, "is_admin": is_flag, "created_at": is_time}
MESSAGE = {"message": is_text}
ERROR = {"error": is_text}
NOTHING = None

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# operationId: method, path, the shape of the body for each status.
OPERATIONS = {
    "register": ("POST", "/v1/auth/register",
                 {201: {"user": USER}, 400: ERROR, 401: ERROR, 403: ERROR, 404: ERROR, 409: ERROR}),
    "login": ("POST", "/v1/auth/login",
              {200: {"token": is_text, "expires_at": is_time, "user": USER}, 400: ERROR, 401: ERROR, 403: ERROR}),
    "verifyEmail": ("POST", "/v1/auth/verify-email", {200: MESSAGE, 400: ERROR, 401: ERROR}),
    "triggerVerificationEmail": ("GET", "/v1/auth/verify-email", {200: MESSAGE, 400: ERROR, 404: ERROR}),
    "logout": ("DELETE", "/v1/auth/session", {204: NOTHING}),
    "me": ("GET", "/v1/auth/me", {200: {"user": USER}, 401: ERROR}),
    "triggerPasswordReset": ("POST", "/v1/auth/password-reset/trigger", {200: MESSAGE, 400: ERROR, 404: ERROR}),
    "resetPassword": ("POST", "/v1/auth/password-reset/reset", {200: {"message": is_text, "email": is_text}, 400: ERROR}),
}


def fits(value, shape):
    """Whether each member that the shape asks for is there and is what it should be."""
    try:
        return all(fits(value[name], part) if isinstance(part, dict) else part(value[name])
                   for name, part in shape.items())
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def send(url, method, token, arguments):
    body = None
    if method == "POST":
        body = arguments.encode()
    elif arguments:
        url += "?" + urllib.parse.urlencode(json.loads(arguments))
    request = urllib.request.Request(url, body, method=method)
    if body is not None:
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", "Bearer " + token)
    try:
        with OPENER.open(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read().decode()


def call(base, operation, token, arguments):
    method, path, answers = OPERATIONS[operation]
    status, headers, text = send(base + path, method, token, arguments)
    answer = f"{status} {text}".rstrip()
    if status not in answers:
        return f"undocumented: status {answer}"
    shape = answers[status]
    if shape is NOTHING:
        return answer if text == "" else f"undocumented: body {answer}"
    if headers.get_content_type() != "application/json" or not fits(json.loads(text), shape):
        return f"undocumented: body {answer}"
    return answer


for line in sys.stdin:
    print(call(sys.argv[1], *line.rstrip("\n").split("\t")), flush=True)
