// Receives Encrata's webhooks with the documentation's function and Go's standard library.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log"
	"net/http"
	"os"
	"sync"
)

// It knows secret and body only, so it can't tell a replay: ../go-standardwebhooks can.
func verifySignature(payload []byte, secret, signature string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(payload)
	return hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(signature))
}

func main() {
	secret := os.Getenv("ENCRATA_WEBHOOK_SECRET")
	if len(secret) < 40 { // With an empty key anybody can sign.
		log.Fatal("set ENCRATA_WEBHOOK_SECRET to the webhook's secret")
	}
	var inbox sync.Map // By id. Yours is a table with a unique id: it survives a crash, and every process sees it.
	http.HandleFunc("/webhooks/encrata", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20)) // The raw body: what was signed.
		if err != nil || !verifySignature(body, secret, r.Header.Get("X-Encrata-Signature")) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if _, again := inbox.LoadOrStore(r.Header.Get("webhook-id"), body); !again { // The same at every attempt.
			go log.Println(r.Header.Get("webhook-id"), string(body)) // The answer, due within 5 seconds, does not wait.
		}
		w.WriteHeader(http.StatusNoContent)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
