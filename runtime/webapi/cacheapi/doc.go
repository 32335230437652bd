// Package cacheapi is the Cache API's objects: caches, CacheStorage and Cache, over
// the concepts of runtime/cache. Which storage a realm sees is in its env.Settings.
//
// What an algorithm does "in parallel" is done at once, on the loop: storage is in
// memory. So operations take effect in the order of the calls, and the promise is
// settled in a task of its own, as the specification has it.
//
// Source: https://w3c.github.io/ServiceWorker/#cache-objects
package cacheapi
