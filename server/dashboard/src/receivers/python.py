import os
from encrata_webhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["ENCRATA_WEBHOOK_SECRET"], tolerance=300)


def receive(body: bytes, headers) -> int:
    try:
        event = webhook.verify(body, headers)
    except WebhookVerificationError as error:
        return error.status  # 401, and 500 when our own side is misconfigured; error.code says why
    print(event.id, event.event, event.data)
    return 204  # answer first, within 5 seconds; then work
