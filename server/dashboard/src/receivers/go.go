package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"regexp"
	"strconv"
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

var (
	isID         = regexp.MustCompile(`^[!-\-/-~]+$`) // A dot would leave open where it ends.
	isSecret     = regexp.MustCompile(`^whsec_[0-9A-Za-z+/]{32,}={0,2}$`)
	errSecret    = errors.New("the webhook's secret is not set, or is none")
	errSignature = errors.New("not signed with the webhook's secret")
	errTime      = errors.New("signed too long ago, or in the future")
)

// verifySignature is the documentation's function, which can't see replays. With an unset secret anybody can sign, so
// that is refused.
func verifySignature(payload []byte, secret, signature string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(payload)
	return isSecret.MatchString(secret) && hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(signature))
}

// verify refuses what none of the secrets signed at most the tolerance from now. What it passes is no replay, and its
// webhook-id is the sender's. A secret that is "" is skipped; one must remain. Without a tolerance, the documentation's
// header alone will do.
func verify(body []byte, header http.Header, tolerance time.Duration, secrets ...string) error {
	all := func(name string) string { return strings.Join(header.Values(name), ", ") } // As if they came in one.
	id, at, entries := all("webhook-id"), all("webhook-timestamp"), strings.Fields(all("webhook-signature"))
	alone := tolerance == 0 && header.Values("webhook-signature") == nil // Where they are, they decide.
	if !isID.MatchString(id) {
		entries = nil
	}
	set, genuine := false, false
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || !isSecret.MatchString(secret) {
			return errSecret
		}
		set = true
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
		expected := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		for _, entry := range entries {
			genuine = hmac.Equal([]byte(strings.TrimSuffix(entry, ",")), expected) || genuine
		}
		genuine = alone && verifySignature(body, secret, all("X-Encrata-Signature")) || genuine
	}
	if !set {
		return errSecret
	} else if !genuine {
		return errSignature
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	limit, now := int64(tolerance/time.Second), time.Now().Unix()
	if limit > 0 && (err != nil || seconds < now-limit || seconds > now+limit) {
		return errTime
	}
	return nil
}
