// Go's github.com/gorilla/websocket.
package main

import (
	"io"

	"github.com/gorilla/websocket"
)

const pack = "golang-github-gorilla-websocket-dev"

type gorilla struct {
	ws *websocket.Conn
	// Pongs are told while messages are waited for.
	pongs []string
}

func connect(url string, deflate bool, subprotocols []string) (session, error) {
	dialer := websocket.Dialer{Subprotocols: subprotocols, EnableCompression: deflate}
	ws, answer, err := dialer.Dial(url, nil)
	if err == websocket.ErrBadHandshake {
		body, _ := io.ReadAll(answer.Body)
		return nil, refused{answer.StatusCode, string(body)}
	}
	if err != nil {
		return nil, err
	}
	session := &gorilla{ws: ws}
	ws.SetPongHandler(func(payload string) error {
		session.pongs = append(session.pongs, payload)
		return nil
	})
	return session, nil
}

func (s *gorilla) text(text string) error {
	return s.ws.WriteMessage(websocket.TextMessage, []byte(text))
}

func (s *gorilla) binary(payload []byte) error {
	return s.ws.WriteMessage(websocket.BinaryMessage, payload)
}

// It cuts at 4 KiB.
func (s *gorilla) fragments([]string) error { return cannot("fragments") }

func (s *gorilla) ping(payload string) (event, error) {
	if err := s.ws.WriteMessage(websocket.PingMessage, []byte(payload)); err != nil {
		return nil, err
	}
	// The answer to a message behind it has the pong before it.
	if err := s.text("behind"); err != nil {
		return nil, err
	}
	if _, err := s.next(); err != nil {
		return nil, err
	}
	return event{"pong", s.pongs[0]}, nil
}

func (s *gorilla) next() (event, error) {
	kind, payload, err := s.ws.ReadMessage()
	if reason, isClose := err.(*websocket.CloseError); isClose {
		return event{"close", reason.Code, reason.Text}, nil
	}
	if err != nil {
		return nil, err
	}
	if kind == websocket.TextMessage {
		return event{"text", string(payload)}, nil
	}
	return event{"binary", payload}, nil
}

func (s *gorilla) subprotocol() string { return s.ws.Subprotocol() }

func (s *gorilla) close(code int, reason string) error {
	if code == 0 {
		code = websocket.CloseNormalClosure
	}
	return s.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason))
}
