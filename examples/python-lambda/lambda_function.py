from typing import Any

from encrata_webhooks import WebhookEvent
from encrata_webhooks.aws_lambda import webhook_handler


@webhook_handler()
def lambda_handler(event: WebhookEvent, request: dict[str, Any], context: Any) -> None:
    # The same id at every attempt: drop what you have had. Answer within 5 seconds, and work afterwards.
    print(event.id, event.event, event.data)
