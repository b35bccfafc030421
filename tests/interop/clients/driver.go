// Drives a client of Go: reads a session in a line of JSON, plays it, and prints in a line what was seen, until there are no more
// lines. It is compiled with one of the files beside it, which has `connect` and the name of its package in
// Debian, `pack`.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"time"
)

type event []interface{}

// What a client is able to do: each gives an errCannot for the rest.
type session interface {
	text(text string) error
	binary(payload []byte) error
	fragments(pieces []string) error
	ping(payload string) (event, error)
	next() (event, error)
	subprotocol() string
	// With code 0 in its plainest way.
	close(code int, reason string) error
}

type refused struct {
	status int
	body   interface{}
}

func (refused) Error() string { return "refused" }

type cannot string

func (step cannot) Error() string { return string(step) }

type asked struct {
	URL          string
	Deflate      bool
	Subprotocols []string
	Steps        [][]json.RawMessage
}

func play(asked asked, seen *[]event) error {
	ws, err := connect(asked.URL, asked.Deflate, asked.Subprotocols)
	if err != nil {
		return err
	}
	isClosing := false
	for _, step := range asked.Steps {
		var verb, text string
		var came event
		json.Unmarshal(step[0], &verb)
		if len(step) > 1 {
			json.Unmarshal(step[1], &text)
		}
		switch verb {
		case "text":
			err = ws.text(text)
		case "binary":
			payload, _ := base64.StdEncoding.DecodeString(text)
			err = ws.binary(payload)
		case "fragments":
			var pieces []string
			json.Unmarshal(step[1], &pieces)
			err = ws.fragments(pieces)
		case "ping":
			came, err = ws.ping(text)
		case "next":
			came, err = ws.next()
		case "subprotocol":
			came = event{"subprotocol", ws.subprotocol()}
		case "close":
			var code int
			if len(step) > 1 {
				json.Unmarshal(step[1], &code)
				json.Unmarshal(step[2], &text)
			}
			isClosing = true
			err = ws.close(code, text)
		}
		if err != nil {
			return err
		}
		if came != nil {
			if payload, isBinary := came[1].([]byte); isBinary {
				came[1] = base64.StdEncoding.EncodeToString(payload)
			}
			*seen = append(*seen, came)
			if came[0] == "close" {
				return nil
			}
		}
	}
	if !isClosing {
		ws.close(0, "")
	}
	for err == nil {
		var came event
		if came, err = ws.next(); err == nil && came[0] == "close" {
			break
		}
	}
	return nil
}

// The version of the package without what Debian adds.
func version() string {
	told, _ := exec.Command("dpkg-query", "--show", "--showformat", "${Version}", pack).Output()
	return regexp.MustCompile(`[0-9]+[.][0-9.]+`).FindString(string(told))
}

func main() {
	print := func(value interface{}) {
		line, _ := json.Marshal(value)
		fmt.Println(string(line))
	}
	print(map[string]string{"version": version()})
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked asked
		json.Unmarshal(line, &asked)
		seen, done := []event{}, make(chan error, 1)
		go func() { done <- play(asked, &seen) }()
		var refusal refused
		var step cannot
		select {
		case err = <-done:
		case <-time.After(30 * time.Second):
			print([]event{{"silent"}})
			continue
		}
		if errors.As(err, &refusal) {
			seen = append(seen, event{"refused", refusal.status, refusal.body})
		} else if errors.As(err, &step) {
			seen = append(seen, event{"cannot", string(step)})
		} else if err != nil {
			seen = append(seen, event{"error", err.Error()})
		}
		print(seen)
	}
}
