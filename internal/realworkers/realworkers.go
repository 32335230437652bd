// Package realworkers builds service workers with the libraries people use
// (Workbox, Serwist, Angular, MSW, Firebase messaging) and runs them on the engine.
// All of it is in its tests.
package realworkers
