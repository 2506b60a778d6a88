// Receives Encrata's webhooks with Go's standard library. ENCRATA_WEBHOOK_SECRET may hold two secrets while one rotates.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
)

func main() {
	secrets := strings.Fields(os.Getenv("ENCRATA_WEBHOOK_SECRET"))
	if len(secrets) == 0 {
		log.Fatal("set ENCRATA_WEBHOOK_SECRET to the webhook's secret")
	}
	var handled sync.Map // Yours belongs in a database.
	http.HandleFunc("/webhooks", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20)) // The raw body: what was signed.
		if err != nil || !verify(secrets, r.Header, body) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusNoContent) // Answer first, within 5 seconds; then work.
		if _, again := handled.LoadOrStore(r.Header.Get("webhook-id"), true); !again {
			go fmt.Println(r.Header.Get("x-encrata-event"), string(body))
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
