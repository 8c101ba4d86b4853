"""Protect a function that exists already. Needs a configuration: `secure-gateway init` makes one and prints a key."""

import asyncio
import os

from secure_gateway import RequestDenied, acting_as, load_gateway

gateway = load_gateway()


@gateway.protect
async def send_mail(to: str, text: str) -> str:
    return f"to {to}: {text}"


async def main() -> None:
    with acting_as(os.environ["SECURE_GATEWAY_API_KEY"]):
        print(await send_mail("the team", "my card is 4111 1111 1111 1111"))
    try:
        await send_mail("the team", "nobody says who they are")
    except RequestDenied as refusal:
        print(refusal.code, refusal.request_id)
    await gateway.close()


asyncio.run(main())
