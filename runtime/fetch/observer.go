package fetch

import (
	"context"
	"time"
)

// Observer is told what the fetch algorithm does on the network: what CDP's
// Network domain shows. Calls for one request come in order, from the goroutine
// that fetches or reads the body; they must not block. What they get must not be
// changed, nor kept beyond the call without cloning (bodies are never to be read).
type Observer interface {
	// RequestWillBeSent: a request goes to the network, the HTTP cache or a data:
	// or blob: URL; again with Redirect set after each redirect.
	RequestWillBeSent(RequestEvent)
	// RequestHeaders: the headers as they went out, cookies included.
	RequestHeaders(id string, headers HeaderList, t time.Time)
	ServedFromCache(id string)
	// ResponseReceived: status and headers are there.
	ResponseReceived(ResponseEvent)
	// DataReceived: a part of the body was read, decoded; encoded is how many bytes
	// it was on the wire (0 when not known).
	DataReceived(id string, data []byte, encoded int, t time.Time)
	LoadingFinished(id string, encoded int64, t time.Time)
	LoadingFailed(FailedEvent)
}

// RequestEvent is a request about to be sent.
type RequestEvent struct {
	ID       string // Request.ID
	Client   Client
	Request  *Request
	Redirect *Response // what redirected here; nil for the first
	// Preflight is set for a CORS preflight, with the ID of the request it is for.
	Preflight string
	Time      time.Time
}

// ResponseEvent is a response whose headers are there.
type ResponseEvent struct {
	ID        string
	Client    Client
	Request   *Request
	Response  *Response // unfiltered
	FromCache bool      // the HTTP cache, without asking the network
	Time      time.Time
}

// FailedEvent is a request that failed, before or after its response.
type FailedEvent struct {
	ID       string
	Client   Client
	Err      error
	Canceled bool
	// Blocked is CDP's blockedReason: "mixed-content", "csp", "origin" …; CORS its
	// corsErrorStatus: "MissingAllowOriginHeader" …; both empty when it is neither.
	Blocked, CORS string
	Time          time.Time
}

// Interceptor may change, answer or fail a request before it goes to the network
// and a response before anyone sees it. Its methods may block.
type Interceptor interface {
	// Request may change r in place. A response other than nil is the answer.
	Request(ctx context.Context, r *Request) *Response
	// Response returns what to go on with: response, or another.
	Response(ctx context.Context, r *Request, response *Response) *Response
}

// BlockedError is why the algorithm refused a request or a response.
type BlockedError struct {
	Reason string // CDP's blockedReason: "mixed-content", "csp", "corp-not-same-origin", "origin", "other"
	CORS   string // CDP's CorsError; empty when it is none
	Detail string
}

func (e *BlockedError) Error() string { return e.Detail }
