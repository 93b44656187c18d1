"""Who may come in at the doors for servers, which browsers' keys do not open, and how much they may send."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from agents.gateway.keys import WriteKey, key_of
from agents.gateway.requests import bounded, presented_key, refused, too_fast
from agents.gateway.throttle import Throttle


class ServerAdmission:
    """Lets requests of servers in: by a key as Bearer or as user of Basic (``https://KEY:@…``), at the key's pace."""

    def __init__(self, write_keys: tuple[WriteKey, ...], throttle: Throttle) -> None:
        self._write_keys, self._throttle = write_keys, throttle

    async def body(self, request: Request, most: int) -> bytes | Response:
        """The body of a request that is let in; else the answer that says why not."""
        if answer := self.refusal(request):
            return answer
        found = await bounded(request, most)
        return refused(413, "too_long", f"at most {most} bytes are taken at once") if found is None else found

    def refusal(self, request: Request) -> Response | None:
        """The answer where a request is not let in by its key; None where it is."""
        key = key_of(self._write_keys, presented_key(request.headers))
        if key is None or key.browser:
            answer = refused(
                401, "wrong_key", "expected Authorization: Bearer KEY or https://KEY:@…, one of TEND_GATEWAY_KEYS"
            )
            answer.headers["www-authenticate"] = 'Basic realm="tend"'  # some send their user only once they are asked
            return answer
        return self.hurry(key.name)

    def hurry(self, name: str) -> Response | None:
        """The answer where somebody sends too fast; None else."""
        wait = self._throttle.wait(name)
        return too_fast(wait) if wait else None
