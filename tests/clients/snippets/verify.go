// The documentation's Go snippet: a JSON object per line in, a verdict per line out.
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
		if verifySignature(q.Body, q.Secret, q.Headers["x-encrata-signature"]) {
			fmt.Println("accepted")
		} else {
			fmt.Println("refused")
		}
	}
}
