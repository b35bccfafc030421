// Go's net/http over HTTP/2: reads a step in a line of JSON, does it, and prints what it saw in a line of JSON.
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
)

type step struct {
	Method        string
	Path          string
	Headers       [][2]string
	Size          *int
	Text          *string
	Te            bool
	SendsTrailers map[string]string `json:"sends_trailers"`
	Many          int
	Websocket     []string
}

type seen map[string]any

var client *http.Client
var base string

func one(s step) (seen, error) {
	var body io.Reader
	if s.Size != nil {
		body = bytes.NewReader(bytes.Repeat([]byte("b"), *s.Size))
	} else if s.Text != nil {
		body = strings.NewReader(*s.Text)
	}
	if s.SendsTrailers != nil {
		// Of a known length there would be none.
		body = io.MultiReader(body)
	}
	request, err := http.NewRequest(s.Method, base+s.Path, body)
	if err != nil {
		return nil, err
	}
	for _, field := range s.Headers {
		request.Header.Add(field[0], field[1])
	}
	if s.Te {
		request.Header.Set("te", "trailers")
	}
	if s.SendsTrailers != nil {
		request.Trailer = http.Header{}
		for name, value := range s.SendsTrailers {
			request.Trailer.Set(name, value)
		}
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	flat := func(header http.Header) map[string]string {
		fields := map[string]string{}
		for name, values := range header {
			fields[strings.ToLower(name)] = strings.Join(values, ", ")
		}
		return fields
	}
	return seen{
		"version": answer.Proto, "status": answer.StatusCode, "fields": flat(answer.Header),
		"body": string(text), "trailers": flat(answer.Trailer),
	}, nil
}

func act(s step) (seen, error) {
	if s.Websocket != nil {
		return seen{"cannot": "websocket"}, nil
	}
	if s.Many == 0 {
		return one(s)
	}
	var wait sync.WaitGroup
	var lock sync.Mutex
	statuses := map[int]bool{}
	var failed error
	for index := 0; index < s.Many; index++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			answer, err := one(s)
			lock.Lock()
			defer lock.Unlock()
			if err != nil {
				failed = err
				return
			}
			statuses[answer["status"].(int)] = true
		}()
	}
	wait.Wait()
	if failed != nil {
		return nil, failed
	}
	all := []int{}
	for status := range statuses {
		all = append(all, status)
	}
	return seen{"statuses": all, "count": s.Many}, nil
}

func main() {
	base = os.Args[1]
	pem, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	client = &http.Client{Transport: transport}
	encoder := json.NewEncoder(os.Stdout)
	version := strings.Split(strings.TrimPrefix(runtime.Version(), "go"), ".")
	encoder.Encode(seen{"version": strings.Join(version[:2], ".")})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	for lines.Scan() {
		var s step
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			panic(err)
		}
		answer, err := act(s)
		if err != nil {
			answer = seen{"error": fmt.Sprint(err)}
		}
		encoder.Encode(answer)
	}
}
