// The documentation's Go snippet, or what the argument names of examples/go/verify.go: JSON lines in, a verdict for each
// out.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

// Published as verifySignature, which is the name of the one that is tested beside it.
func published(payload []byte, secret, signature string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(payload)
	expected := hex.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(expected), []byte(signature))
}

type question struct {
	Body      []byte      `json:"body_base64"`
	Headers   [][2]string `json:"header_list"`
	Secrets   []string    `json:"secrets"`
	Tolerance int64       `json:"tolerance"`
}

func verdict(how string, q question) string {
	headers := http.Header{}
	for _, header := range q.Headers {
		headers.Add(header[0], header[1])
	}
	genuine := map[bool]string{true: "accepted", false: "refused"}
	switch signature := headers.Get("X-Encrata-Signature"); how {
	case "published":
		return genuine[published(q.Body, q.Secrets[0], signature)]
	case "verifySignature":
		return genuine[verifySignature(q.Body, q.Secrets[0], signature)]
	}
	switch err := verify(q.Body, headers, time.Duration(q.Tolerance)*time.Second, q.Secrets...); {
	case errors.Is(err, errSecret):
		return "misconfigured"
	default:
		return genuine[err == nil]
	}
}

func main() {
	questions := json.NewDecoder(os.Stdin)
	for {
		var q question
		if err := questions.Decode(&q); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		fmt.Println(verdict(os.Args[1], q))
	}
}
