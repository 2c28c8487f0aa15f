"""A channel of ours in a real server, on the loop that the agent of the tests lives on."""

from __future__ import annotations

import secrets
from typing import Any

from rasa.core.channels.channel import InputChannel, register
from sanic import Sanic
from sanic.server.async_server import AsyncioServer


def serve(loop: Any, agent: Any, channel: InputChannel, port: int) -> AsyncioServer:
    """Serve the channel on 127.0.0.1; what begins after a start of the server has not begun."""
    Sanic.test_mode = True  # or a process could serve only once
    app = Sanic(f"test_{secrets.token_hex(4)}", configure_logging=False)
    app.ctx.agent = agent
    register([channel], app, route="/")

    async def begin() -> AsyncioServer:
        server = await app.create_server(port=port, return_asyncio_server=True, access_log=False)
        await server.startup()
        await server.before_start()
        return server

    return loop.run(begin())


def stop(loop: Any, server: AsyncioServer) -> None:
    """Stop as the server of the program does."""

    async def end() -> None:
        await server.before_stop()
        await server.close()
        await server.after_stop()

    loop.run(end())
