package uitest

import "testing"

// Each suite is a file of tests/ with a world of its own.

func TestLive(t *testing.T)              { newWorld(t).suite("live") }
func TestKeyboard(t *testing.T)          { newWorld(t).suite("keyboard") }
func TestHostile(t *testing.T)           { newWorld(t).suite("hostile") }
func TestAxe(t *testing.T)               { newWorld(t).suite("axe") }
func TestReconnect(t *testing.T)         { newWorld(t).suite("reconnect") }
func TestNoScript(t *testing.T)          { newWorld(t).suite("noscript") }
func TestWeight(t *testing.T)            { newWorld(t).suite("weight") }
func TestDemo(t *testing.T)              { newDemoWorld(t).suite("demo") }
func TestFetches(t *testing.T)           { newDemoWorld(t).suite("fetches") }
func TestFetchesOfChromium(t *testing.T) { newWorld(t).suite("fetches_chromium") }
func TestRecordings(t *testing.T)        { newDemoWorld(t).suite("recordings") }
func TestReplay(t *testing.T)            { newDemoWorld(t).suite("replay") }
func TestShots(t *testing.T)             { newWorld(t).suite("shots") }
