package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"testing/synctest"
	"time"
)

// What was allocated and is not used any more goes back to the system when the engine
// has become quiet.
func TestGiveBack(t *testing.T) {
	resident := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64() - sample[1].Value.Uint64()
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		debug.FreeOSMemory() // what other tests left is not taken for what this one allocates
		before := resident()
		go giveBack(ctx)
		time.Sleep(lookEvery / 2)
		garbage := make([][]byte, 64)
		for i := range garbage {
			garbage[i] = make([]byte, 1<<20)
		}
		high := resident()
		if high < before+32<<20 {
			t.Fatalf("64 MiB were allocated and the process grew from %d to %d only", before, high)
		}
		clear(garbage)
		time.Sleep(10 * lookEvery)
		synctest.Wait()
		if now := resident(); now > high-32<<20 {
			t.Errorf("the process has %d bytes, %d at its height, %d before", now, high, before)
		}
	})
}
