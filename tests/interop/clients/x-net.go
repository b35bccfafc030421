// Go's golang.org/x/net/websocket.
package main

import (
	"io"
	"strings"

	"golang.org/x/net/websocket"
)

const pack = "golang-golang-x-net-dev"

type xNet struct{ ws *websocket.Conn }

// Both kinds of messages, each as what it is.
var either = websocket.Codec{Unmarshal: func(payload []byte, kind byte, came interface{}) error {
	if kind == websocket.TextFrame {
		*came.(*event) = event{"text", string(payload)}
	} else {
		*came.(*event) = event{"binary", payload}
	}
	return nil
}}

func connect(url string, deflate bool, subprotocols []string) (session, error) {
	if deflate {
		return nil, cannot("deflate")
	}
	// The origin is mandatory: the server's own.
	host := strings.SplitN(strings.TrimPrefix(url, "ws://"), "/", 2)[0]
	config, err := websocket.NewConfig(url, "http://"+host)
	if err != nil {
		return nil, err
	}
	config.Protocol = subprotocols
	ws, err := websocket.DialConfig(config)
	if err != nil {
		return nil, err
	}
	return xNet{ws}, nil
}

func (s xNet) text(text string) error { return websocket.Message.Send(s.ws, text) }

func (s xNet) binary(payload []byte) error { return websocket.Message.Send(s.ws, payload) }

func (s xNet) fragments([]string) error { return cannot("fragments") }

func (s xNet) ping(string) (event, error) { return nil, cannot("ping") }

func (s xNet) next() (event, error) {
	var came event
	err := either.Receive(s.ws, &came)
	if err == io.EOF {
		return event{"close", nil, nil}, nil
	}
	return came, err
}

func (s xNet) subprotocol() string { return s.ws.Config().Protocol[0] }

func (s xNet) close(code int, _ string) error {
	if code == 0 {
		return s.ws.Close()
	}
	return s.ws.WriteClose(code)
}
