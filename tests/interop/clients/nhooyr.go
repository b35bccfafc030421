// Go's nhooyr.io/websocket.
package main

import (
	"context"
	"errors"
	"io"

	"nhooyr.io/websocket"
)

const pack = "golang-nhooyr-websocket-dev"

type nhooyr struct{ ws *websocket.Conn }

func connect(url string, deflate bool, subprotocols []string) (session, error) {
	options := &websocket.DialOptions{Subprotocols: subprotocols, CompressionMode: websocket.CompressionDisabled}
	if deflate {
		options.CompressionMode = websocket.CompressionNoContextTakeover
	}
	ws, answer, err := websocket.Dial(context.Background(), url, options)
	if err != nil && answer != nil && answer.StatusCode != 101 {
		body, _ := io.ReadAll(answer.Body)
		return nil, refused{answer.StatusCode, string(body)}
	}
	if err != nil {
		return nil, err
	}
	// 32 KiB by default.
	ws.SetReadLimit(1 << 20)
	return nhooyr{ws}, nil
}

func (s nhooyr) text(text string) error {
	return s.ws.Write(context.Background(), websocket.MessageText, []byte(text))
}

func (s nhooyr) binary(payload []byte) error {
	return s.ws.Write(context.Background(), websocket.MessageBinary, payload)
}

func (s nhooyr) fragments(pieces []string) error {
	writer, err := s.ws.Writer(context.Background(), websocket.MessageText)
	for _, piece := range pieces {
		if err == nil {
			_, err = writer.Write([]byte(piece))
		}
	}
	if err == nil {
		err = writer.Close()
	}
	return err
}

// The payload is its own, and it is compared.
func (s nhooyr) ping(payload string) (event, error) {
	reading := s.ws.CloseRead(context.Background())
	if err := s.ws.Ping(reading); err != nil {
		return nil, err
	}
	return event{"pong", payload}, nil
}

func (s nhooyr) next() (event, error) {
	kind, payload, err := s.ws.Read(context.Background())
	var reason websocket.CloseError
	if errors.As(err, &reason) {
		return event{"close", int(reason.Code), reason.Reason}, nil
	}
	if err != nil {
		return nil, err
	}
	if kind == websocket.MessageText {
		return event{"text", string(payload)}, nil
	}
	return event{"binary", payload}, nil
}

func (s nhooyr) subprotocol() string { return s.ws.Subprotocol() }

func (s nhooyr) close(code int, reason string) error {
	if code == 0 {
		code = int(websocket.StatusNormalClosure)
	}
	return s.ws.Close(websocket.StatusCode(code), reason)
}
