// The documentation's Go snippet, or with the argument standard that of standard.go: JSON per line in, a verdict per line out.
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
)

func verifySignature(payload []byte, secret, signature string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(payload)
	expected := hex.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(expected), []byte(signature))
}

type question struct {
	Body    []byte            `json:"body_base64"`
	Headers map[string]string `json:"headers"`
	Secret  string            `json:"secret"`
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
		headers := http.Header{}
		for name, value := range q.Headers {
			headers.Set(name, value)
		}
		genuine := verifySignature(q.Body, q.Secret, headers.Get("X-Encrata-Signature"))
		if len(os.Args) > 1 {
			genuine = verifyStandard([]string{q.Secret}, headers, q.Body)
		}
		if genuine {
			fmt.Println("accepted")
		} else {
			fmt.Println("refused")
		}
	}
}
