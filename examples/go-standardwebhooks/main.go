// Receives Encrata's webhooks with the Standard Webhooks library: replays are refused, a secret can rotate.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func main() {
	var webhooks []*standardwebhooks.Webhook // One for each secret: the old and the new one while it rotates.
	for _, secret := range strings.Fields(os.Getenv("ENCRATA_WEBHOOK_SECRET")) {
		webhook, err := standardwebhooks.NewWebhook(secret)
		if err != nil || len(secret) < 40 { // With an empty key anybody can sign.
			log.Fatal("ENCRATA_WEBHOOK_SECRET is not the webhook's secret")
		}
		webhooks = append(webhooks, webhook)
	}
	var inbox sync.Map // By id. Yours is a table with a unique id: it survives a crash, and every process sees it.
	http.HandleFunc("/webhooks/encrata", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20)) // The raw body: what was signed.
		for _, webhook := range webhooks {
			if err == nil && webhook.Verify(body, r.Header) == nil { // Also refuses what is 5 minutes old.
				if _, again := inbox.LoadOrStore(r.Header.Get("webhook-id"), body); !again { // The same at every attempt.
					go log.Println(r.Header.Get("webhook-id"), string(body)) // After the answer, due within 5 seconds.
				}
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		w.WriteHeader(http.StatusUnauthorized)
	})
	log.Fatal((&http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), ReadTimeout: 10 * time.Second}).ListenAndServe())
}
