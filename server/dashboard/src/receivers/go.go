package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log"
	"net/http"
	"os"
)

func main() {
	secret := os.Getenv("ENCRATA_WEBHOOK_SECRET")
	if secret == "" {
		log.Fatal("set ENCRATA_WEBHOOK_SECRET") // an empty secret would accept a forgery
	}
	http.HandleFunc("/webhooks", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20)) // the raw body: what was signed
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		expected := hex.EncodeToString(mac.Sum(nil))
		if !hmac.Equal([]byte(expected), []byte(r.Header.Get("X-Encrata-Signature"))) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusNoContent) // answer first, within 5 seconds; then work
		log.Printf("%s %s", r.Header.Get("webhook-id"), body)
	})
	log.Fatal(http.ListenAndServe(":3000", nil))
}
