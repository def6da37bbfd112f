"""A consumer of the events on NATS JetStream: after a restart it goes on where it stopped.

pip install nats-py
python stream_consumer.py nats://127.0.0.1:4222
"""

import asyncio
import json
import sys

import nats

SUBJECTS = "tmf.events.>"
"""All events. `tmf.events.order.*` are those of orders."""
SEEN: set[str] = set()
"""Event ids. A real consumer keeps them in its database, in the transaction that uses the event."""


async def consume(server: str) -> None:
    client = await nats.connect(server)
    # The server remembers by this name what was acknowledged.
    subscription = await client.jetstream().pull_subscribe(SUBJECTS, durable="example")
    while True:
        try:
            messages = await subscription.fetch(10, timeout=5)
        except TimeoutError:  # nothing is new
            continue
        for message in messages:
            event = json.loads(message.data)
            if event["id"] not in SEEN:
                SEEN.add(event["id"])
                print(event["data"]["number"], event["type"], event["subject"], flush=True)
            await message.ack()


if __name__ == "__main__":
    asyncio.run(consume(sys.argv[1]))
