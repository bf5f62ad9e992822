"""What speaks with a warm interpreter, in a notebook too, where another thread runs the loop."""

from __future__ import annotations

import asyncio
import sys
import threading

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="warm interpreters fork")


class Ended:
    """A process that has ended."""

    def poll(self) -> int | None:
        return 0

    def signal(self, number: int) -> None:
        del number

    def kill(self) -> int:
        return 0


def test_the_last_message_is_not_read_by_a_loop_in_another_thread() -> None:
    from umea_eval.runs.warm.channel import Channel, pair
    from umea_eval.runs.warm.client import WarmKernel
    from umea_eval.runs.warm.interpreter import READS

    loop = asyncio.new_event_loop()
    said: list[object] = []
    loop.set_exception_handler(lambda _, context: said.append(context["exception"]))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def listen(kernel: WarmKernel) -> None:
        kernel.listen()

    def interpreter(channel: Channel) -> None:
        channel.receive()
        channel.send({"msg_type": READS, "files": ["/a.csv"]})
        channel.close()

    try:
        for _ in range(30):
            ours, theirs = pair()
            kernel = WarmKernel(ours, Ended())
            asyncio.run_coroutine_threadsafe(listen(kernel), loop).result()
            other = threading.Thread(target=interpreter, args=[Channel(theirs)])
            other.start()
            kernel.finish()
            other.join()
            kernel.close()
            assert kernel.reads == ["/a.csv"]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
    assert said == []
