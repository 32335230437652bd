package fetch

import (
	"context"
	"errors"
)

// Fetch is the fetch algorithm: it returns when the response's headers are there
// and never nil. A failure is a network error whose Err says why. The response is
// filtered as the request's tainting demands; its body streams, and cancelling ctx
// fails what has not been read.
//
// Source: https://fetch.spec.whatwg.org/#concept-fetch
func (f *Fetcher) Fetch(ctx context.Context, r *Request, env Client) *Response {
	return NetworkError(errors.New("not reached"))
}
