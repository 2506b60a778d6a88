from django.http import HttpRequest
from django.urls import path
from encrata_webhooks import WebhookEvent
from encrata_webhooks.django import webhook_handler


@webhook_handler()
def receive(event: WebhookEvent, request: HttpRequest) -> None:
    # The same id at every attempt: drop what you have had. Answer within 5 seconds, and work afterwards.
    print(event.id, event.event, event.data, flush=True)


urlpatterns = [path("webhooks/encrata", receive)]
