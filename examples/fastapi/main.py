from typing import Annotated

from encrata_webhooks import WebhookEvent
from encrata_webhooks.fastapi import webhook_event
from fastapi import BackgroundTasks, Depends, FastAPI

app = FastAPI()
verified = webhook_event()
# What came, by id. Yours is a table with a unique id: it survives a crash, and every process sees it.
inbox = {}


@app.post("/webhooks/encrata", status_code=204)
async def receive(event: Annotated[WebhookEvent, Depends(verified)], tasks: BackgroundTasks) -> None:
    if event.id in inbox:
        return  # it has the same id at every attempt, and came before
    inbox[event.id] = event
    tasks.add_task(work, event)  # after the answer, which is due within 5 seconds


def work(event: WebhookEvent) -> None:
    print(event.id, event.event, event.data, flush=True)
