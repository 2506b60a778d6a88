// Receives Encrata's webhooks with Go's standard library: verify.go is all of the verification.
package main

import (
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

func main() {
	secrets := strings.Fields(os.Getenv("ENCRATA_WEBHOOK_SECRET")) // The old and the new one while it rotates.
	if os.Getenv("PORT") == "" || errors.Is(verify(nil, nil, 0, secrets...), errSecret) {
		log.Fatal("set PORT, and ENCRATA_WEBHOOK_SECRET to the webhook's secret")
	}
	var inbox sync.Map // By id. Yours is a table with a unique id: it survives a crash, and every process sees it.
	http.HandleFunc("/webhooks/encrata", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20)) // The raw body: what was signed.
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		if err := verify(body, r.Header, 5*time.Minute, secrets...); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		id := r.Header.Get("webhook-id") // The same at every attempt.
		if _, again := inbox.LoadOrStore(id, body); !again {
			go log.Println(id, string(body)) // The answer, due within 5 seconds, does not wait.
		}
		w.WriteHeader(http.StatusNoContent)
	})
	log.Println("listening on http://127.0.0.1:" + os.Getenv("PORT") + "/webhooks/encrata")
	server := http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), ReadTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
