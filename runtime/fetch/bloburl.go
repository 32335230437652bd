package fetch

import (
	"strings"
	"sync"
)

// BlobURLs is a blob URL store: URLs made by URL.createObjectURL. Safe for any
// number of goroutines.
//
// Source: https://w3c.github.io/FileAPI/#BlobURLStore
type BlobURLs struct {
	mu      sync.Mutex // guards entries
	entries map[string]blobEntry
}

type blobEntry struct {
	data       []byte
	mimeType   string
	storageKey string
	client     string
}

// NewBlobURLs returns an empty store.
func NewBlobURLs() *BlobURLs { return &BlobURLs{entries: map[string]blobEntry{}} }

// Create stores data under a new URL: "blob:", the client's origin and id, which
// the caller made up (a UUID).
func (b *BlobURLs) Create(data []byte, mimeType, id string, env Client) string {
	u := "blob:" + env.Origin.String() + "/" + id
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries[u] = blobEntry{data, mimeType, env.StorageKey, env.ID}
	return u
}

// Revoke forgets a URL of the client's storage key.
func (b *BlobURLs) Revoke(u string, env Client) {
	u, _, _ = strings.Cut(u, "#")
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, ok := b.entries[u]; ok && e.storageKey == env.StorageKey {
		delete(b.entries, u)
	}
}

// RevokeAll forgets the URLs a client made, when it goes away.
func (b *BlobURLs) RevokeAll(client string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for u, e := range b.entries {
		if e.client == client {
			delete(b.entries, u)
		}
	}
}

// ResolveBlob is the blob of a URL, for any client of the same storage key.
func (b *BlobURLs) ResolveBlob(u string, env Client) (data []byte, mimeType string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.entries[u]
	if !ok || e.storageKey != env.StorageKey && env.StorageKey != "" {
		return nil, "", false
	}
	return e.data, e.mimeType, true
}
