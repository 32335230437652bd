// Package serviceworker holds the objects of the Service Workers standard: those
// of a client (ServiceWorkerContainer, ServiceWorkerRegistration, ServiceWorker,
// NavigationPreloadManager) and those of a worker's own global
// (ServiceWorkerGlobalScope, its events, Clients). The concepts behind them are
// package runtime's.
//
// [InstallContainer] puts navigator.serviceWorker's side into a realm and gives
// the runtime.Environment that keeps its objects up to date. [NewAgent] starts a
// service worker: the runtime.WorkerAgent.
//
// # Concurrency
//
// Objects belong to their agent's loop. The engine tells of changes under its
// lock: an Environment method takes what it needs there and then, and queues a
// task; so every object shows what it was last told, and nothing newer.
//
// Source: https://w3c.github.io/ServiceWorker/
package serviceworker
