from typing import Annotated

from encrata_webhooks import WebhookEvent
from encrata_webhooks.fastapi import webhook_event
from fastapi import Depends, FastAPI

app = FastAPI()
verified = webhook_event()


@app.post("/webhooks/encrata", status_code=204)
async def receive(event: Annotated[WebhookEvent, Depends(verified)]) -> None:
    # The same id at every attempt: drop what you have had. Answer within 5 seconds, and work afterwards.
    print(event.id, event.event, event.data, flush=True)
