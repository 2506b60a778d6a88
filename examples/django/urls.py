from threading import Thread

from django.http import HttpRequest
from django.urls import path
from encrata_webhooks import WebhookEvent
from encrata_webhooks.django import webhook_handler

# What came, by id. Yours is a model with a unique id: it survives a crash, and every process sees it.
inbox = {}


@webhook_handler()
def receive(event: WebhookEvent, request: HttpRequest) -> None:
    # It has the same id at every attempt. Looked for and kept in one step: two threads may have it at once.
    if inbox.setdefault(event.id, event) is event:
        Thread(target=work, args=[event]).start()  # the answer, which is due within 5 seconds, does not wait for it


def work(event: WebhookEvent) -> None:
    print(event.id, event.event, event.data, flush=True)


urlpatterns = [path("webhooks/encrata", receive)]
