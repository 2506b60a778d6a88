from encrata_webhooks import WebhookEvent
from encrata_webhooks.flask import webhook_handler
from flask import Flask

app = Flask(__name__)


@app.post("/webhooks/encrata")
@webhook_handler()
def receive(event: WebhookEvent) -> None:
    # The same id at every attempt: drop what you have had. Answer within 5 seconds, and work afterwards.
    print(event.id, event.event, event.data, flush=True)
