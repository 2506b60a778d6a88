package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// verifyStandard checks a Standard Webhooks signature over id, time and body, made with any of the secrets at most 5 minutes ago.
func verifyStandard(secrets []string, h http.Header, body []byte) bool {
	at, err := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
	if age := time.Since(time.Unix(at, 0)); err != nil || age > 5*time.Minute || age < -5*time.Minute {
		return false
	}
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) == 0 {
			log.Fatal("ENCRATA_WEBHOOK_SECRET is not the webhook's secret")
		}
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.%s", h.Get("webhook-id"), h.Get("webhook-timestamp"), body)
		for _, entry := range strings.Fields(h.Get("webhook-signature")) {
			sent, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(entry, "v1,"))
			if err == nil && hmac.Equal(sent, mac.Sum(nil)) {
				return true
			}
		}
	}
	return false
}
