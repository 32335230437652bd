// Types of swinspect's scripts (`swinspect run FILE…`). Everything here can be imported
// from 'swinspect'; what is at the end is global as well. `swinspect types > swinspect.d.ts`
// beside your scripts, and `/// <reference path="./swinspect.d.ts" />` in them, give an
// editor all of it.
//
// A script is a module of JavaScript or TypeScript. Without test() it is one session, from
// top to bottom, with await wherever it is needed; with tests, each has a browser of its own.
//
// Times are in milliseconds or text: '500ms', '5s', '2m', '24h', '7d'. URLs may be relative
// to the site of the test. Patterns of URLs are '*' for any characters, without a scheme
// relative to the site; or a regular expression. Lines and columns count from 1.

declare module 'swinspect' {
  export type Duration = number | string;
  export type URLPattern = string | RegExp;
  export type JSONValue = null | boolean | number | string | JSONValue[] | { [name: string]: JSONValue };
  export type HeadersInit = Record<string, string> | [string, string][];
  export interface Waiting {
    /** How long to wait at most; the usual time is 5s, `use({waitTimeout})` changes it. */
    timeout?: Duration;
  }

  // ---------------------------------------------------------------- tests

  /** What a test is given. */
  export interface Fixtures {
    /** A browser of the backend (`--backend`), of this test alone. */
    browser: Browser;
    /** The web site of the test, on 127.0.0.1: the folder or routes of `site`, else an empty one. */
    site: Site;
    /** A page of the browser, opened when it is first used. */
    page: Page;
    /** browser.network, browser.clock, browser.caches, browser.fetches */
    network: Network;
    clock: Clock;
    caches: CacheStorage;
    fetches: Fetches;
  }
  export interface TestOptions extends StartOptions {
    /** Of the whole test; 30s unless `--timeout` or this says otherwise. */
    timeout?: Duration;
    /** Of each wait and each retrying expectation; 5s. */
    waitTimeout?: Duration;
    /** How often a failing test is tried again; what passes then is reported as flaky. */
    retries?: number;
  }
  type TestBody = (fixtures: Fixtures) => unknown;
  export interface Test {
    (name: string, body: TestBody): void;
    (name: string, options: TestOptions, body: TestBody): void;
    /** A test that is not run, and reported as skipped; the reason is reported too. */
    skip(name: string, body?: TestBody): void;
    skip(name: string, reason: string, body?: TestBody): void;
    /** Of a file with such tests only they are run; the others are reported as skipped. */
    only(name: string, body: TestBody): void;
    only(name: string, options: TestOptions, body: TestBody): void;
    /** A test that is expected to fail; passing is its failure. */
    fails(name: string, body: TestBody): void;
    fails(name: string, options: TestOptions, body: TestBody): void;
  }
  export const test: Test;
  /** Options of all tests of this file (within describe: of that group) that follow. */
  export function use(options: TestOptions): void;
  /** A group of tests: its name stands before theirs, its hooks and use() are theirs alone. */
  export function describe(name: string, body: () => void): void;
  /** Ends the running test as skipped. */
  export function skip(reason?: string): never;
  /** A named part of a test: it is reported, and an error says in which step it was. */
  export function step<T>(name: string, body: () => T | Promise<T>): Promise<T>;
  export function beforeEach(body: TestBody): void;
  export function afterEach(body: TestBody): void;
  export function beforeAll(body: () => unknown): void;
  export function afterAll(body: () => unknown): void;

  /** Waits until the function gives something true (it may be async, and may throw meanwhile). */
  export function waitFor<T>(body: () => T | Promise<T>, options?: Waiting & { message?: string; interval?: Duration }): Promise<T>;
  export function sleep(time: Duration): Promise<void>;
  /** The text of a file; the path is relative to the script. */
  export function readFile(path: string): Promise<string>;
  /** The environment variable; undefined when it is not set. */
  export function env(name: string): string | undefined;

  // ---------------------------------------------------------------- expectations

  /**
   * expect(value) compares now. expect(handle) and expect(() => value) try again until it
   * holds, or the time is over: await them. Errors say what was seen instead.
   */
  export interface Expect {
    <T>(actual: T, message?: string): Matchers<T>;
    /** Matches anything but null and undefined inside toEqual and toMatchObject. */
    anything(): any;
    any(kind: Function): any;
    stringMatching(pattern: string | RegExp): any;
    stringContaining(text: string): any;
    arrayContaining(items: unknown[]): any;
    objectContaining(fields: object): any;
    /** Fails. */
    fail(message?: string): never;
  }
  export const expect: Expect;

  export type Retried = Registration | Version | Page | Cache | CacheStorage | Site | Context | ((...args: any[]) => any);
  /** Of a handle or a function, a promise; of a value, nothing. */
  export type Outcome<T> = T extends Retried ? Promise<void> : void;
  export interface Matchers<T> {
    not: Matchers<T>;
    /** The value a promise is fulfilled with. */
    resolves: { [K in keyof Matchers<T>]: (...args: any[]) => Promise<void> };
    /** What a promise is rejected with. */
    rejects: { [K in keyof Matchers<T>]: (...args: any[]) => Promise<void> };
    toBe(expected: unknown): Outcome<T>;
    toEqual(expected: unknown): Outcome<T>;
    toMatchObject(expected: object): Outcome<T>;
    /** Text: contains the text or matches the expression. */
    toMatch(expected: string | RegExp): Outcome<T>;
    /** Text, array or set. */
    toContain(expected: unknown): Outcome<T>;
    /** An item that is equal. */
    toContainEqual(expected: unknown): Outcome<T>;
    toHaveLength(expected: number): Outcome<T>;
    toHaveProperty(path: string, expected?: unknown): Outcome<T>;
    toBeTruthy(): Outcome<T>;
    toBeFalsy(): Outcome<T>;
    toBeDefined(): Outcome<T>;
    toBeUndefined(): Outcome<T>;
    toBeNull(): Outcome<T>;
    toBeGreaterThan(expected: number): Outcome<T>;
    toBeGreaterThanOrEqual(expected: number): Outcome<T>;
    toBeLessThan(expected: number): Outcome<T>;
    toBeLessThanOrEqual(expected: number): Outcome<T>;
    toBeCloseTo(expected: number, digits?: number): Outcome<T>;
    toBeInstanceOf(expected: Function): Outcome<T>;
    /** The function throws, or the promise of `rejects` is rejected with: text of the message, expression, or class. Does not retry. */
    toThrow(expected?: string | RegExp | Function): T extends (...args: any[]) => Promise<any> ? Promise<void> : void;
    /**
     * Compares with what is kept in __snapshots__ beside the script; a snapshot that is not
     * there yet is written (not with --ci, which fails). --update-snapshots writes all anew.
     */
    toMatchSnapshot(name?: string): Outcome<T>;

    /** A response's status, a version's state ('waiting', 'activated' …). */
    toHaveStatus(expected: number | VersionState): Outcome<T>;
    /** A registration, version, cache exists; a page is open. */
    toExist(): Outcome<T>;
    /** A page's URL. */
    toHaveURL(expected: URLPattern): Outcome<T>;
    toHaveTitle(expected: string | RegExp): Outcome<T>;
    /** A page's visible text, or that of the first element a selector finds. */
    toHaveText(expected: string | RegExp, selector?: string): Outcome<T>;
    /** A page has a controller; with a version, that one. */
    toBeControlled(by?: Version): Outcome<T>;
    /** A cache, or any cache of a storage, would answer the request. */
    toHaveEntry(request: RequestLike, options?: MatchOptions): Outcome<T>;
    /** A cache storage has caches of exactly these names, in any order. */
    toHaveCaches(names: string[]): Outcome<T>;
  }

  // ---------------------------------------------------------------- browsers

  /** What a backend may be able to do beyond what all of them can. */
  export type Capability =
    /** clock.advance, clock.now */
    | 'clock'
    /** registration.dispatch of a request without a page */
    | 'dispatch'
    /** notification.click and .close */
    | 'notifications'
    /** fetches.explain tells steps of the specification that were taken */
    | 'trace'
    /** Anything can be done to it: false for recordings. */
    | 'live'
    /** paused.stepBack */
    | 'stepBack';

  export interface StartOptions {
    /** A folder (relative to the script) or routes; it becomes the `site` and the base of relative URLs. */
    site?: string | Routes;
    /** 'chromium', 'engine' or the address of a browser; else what --backend says. */
    backend?: string;
    /** 'real' (default) runs on; a date also begins there, where the backend has the clock. */
    clock?: 'real' | string | number;
    /** Origins that the engine may reach beyond the site, as https://example.com; '*' for all. */
    network?: string[];
    /** Further flags of a browser that is launched. */
    args?: string[];
    /** A window is shown where there is a display; else headless. */
    headed?: boolean;
  }
  /** Starts what --backend names; ends with the test. */
  export function start(options?: StartOptions): Promise<Browser>;
  /** Launches a Chromium. */
  export function launch(options?: StartOptions): Promise<Browser>;
  export interface EngineOptions extends StartOptions {
    /** A service worker script by itself: it is served as /sw.js of the site and registered there. */
    script?: string;
  }
  /** Starts the reference engine. */
  export function engine(options?: EngineOptions): Promise<Browser>;
  /** Attaches to a browser that runs: port, host:port, URL, folder of a profile. Its own profile is meant, and it goes on after the script. */
  export function attach(endpoint: string, options?: StartOptions): Promise<Browser>;
  /** Opens a recording (.swrec): its registrations, caches and fetches as of a moment. */
  export function open(recording: string): Promise<Recording>;

  /** A browser is the context in which the test runs, and the means to make others. */
  export interface Browser extends Context {
    /** 'Chrome/156.0.…', 'swinspect/…'. */
    readonly product: string;
    has(capability: Capability): boolean;
    /** Ends the test as skipped when the backend lacks the capability. */
    needs(capability: Capability): void;
    /** Another context: storage, workers and pages of its own. */
    newContext(): Promise<Context>;
    contexts(): Context[];
    /** A CDP command, to the browser. */
    send(method: string, params?: object): Promise<any>;
  }

  export interface Context {
    readonly id: string;
    /** Opens a page and goes to the URL. */
    open(url?: string, options?: NavigateOptions): Promise<Page>;
    pages(): Promise<Page[]>;
    /** The handle of a registration by its scope (default '/'); it need not exist yet. */
    registration(scope?: string): Registration;
    registrations(): Promise<Registration[]>;
    /** Cache Storage of the site. */
    readonly caches: CacheStorage;
    /** Cache Storage of another origin. */
    cachesOf(origin: string): CacheStorage;
    readonly fetches: Fetches;
    readonly network: Network;
    readonly clock: Clock;
    /** What happened so far, oldest first. */
    timeline(): Promise<TimelineEvent[]>;
    /** Stops all running workers, as an idle browser would. */
    kill(): Promise<void>;
    setPermission(name: string, state: 'granted' | 'denied' | 'prompt'): Promise<void>;
    /** Registrations, caches, cookies and databases of an origin (default: the site) are deleted. */
    clearSiteData(origin?: string): Promise<void>;

    /**
     * A breakpoint with a handler: the worker goes on when the handler is over, unless it did
     * before. With `log` in its options it writes to breakpoint.log instead and needs no handler.
     */
    on<K extends BreakpointKind>(kind: K, where: BreakpointOptions[K], handler?: (paused: Paused) => unknown): Promise<Breakpoint>;
    on<K extends BreakpointKind>(kind: K, handler: (paused: Paused) => unknown): Promise<Breakpoint>;
    /** Waits for the first pause of a breakpoint, which is removed; the worker is held until resume(). */
    once<K extends BreakpointKind>(kind: K, where?: BreakpointOptions[K] & Waiting): Promise<Paused>;
    readonly breakpoints: Breakpoint[];
    close(): Promise<void>;
  }

  export interface Recording extends Browser {
    /** When it begins and ends, in milliseconds since 1970. */
    readonly from: number;
    readonly to: number;
    /** The same recording as of a moment: milliseconds since 1970, a date, or '5s' after its beginning. */
    at(moment: number | string | Date): Promise<Recording>;
    /** Dispatches the recorded fetches again on the engine, with the recorded scripts or another. */
    replay(options?: { script?: string; filter?: string }): Promise<ReplayReport>;
  }
  export interface ReplayReport {
    total: number;
    /** How many of each verdict: equal, different, explained, unanswered, not-replayable, crashed. */
    verdicts: Record<string, number>;
    different: { id: string; method: string; url: string; verdict: string; differences: { field: string; recorded: string; replayed: string }[] }[];
  }

  export interface TimelineEvent {
    time: number;
    /** registration, version, running, client, error, console, pause, cache, connection … */
    kind: string;
    /** "installing → waiting" */
    what: string;
    /** "the last client left"; empty when not known. */
    cause: string;
    scope: string;
    version: string;
  }

  // ---------------------------------------------------------------- pages

  export interface NavigateOptions extends Waiting {
    /** When it is done: 'load' (default), 'commit'. */
    waitUntil?: 'load' | 'commit';
  }
  /** Where a navigation led. It is rejected when there is no document ('net::ERR_INTERNET_DISCONNECTED …'). */
  export interface Navigation {
    url: string;
    status: number;
    headers: Record<string, string>;
    fromServiceWorker: boolean;
    /** Where the answer is from: worker, cache, network, http-cache, preload, unknown. */
    source: string;
  }
  export interface Page {
    readonly id: string;
    url(): Promise<string>;
    title(): Promise<string>;
    goto(url: string, options?: NavigateOptions): Promise<Navigation>;
    reload(options?: NavigateOptions & { ignoreCache?: boolean }): Promise<Navigation>;
    close(): Promise<void>;
    /** Runs a function or expression in the page; what it gives is awaited, arguments and result are JSON. */
    evaluate<A extends any[], R>(body: string | ((...args: A) => R), ...args: A): Promise<Awaited<R>>;
    /** fetch() in the page. */
    fetch(url: string, init?: FetchInit): Promise<FetchResult>;
    /** Text of the page, or of the first element that a selector finds (waited for). */
    text(selector?: string): Promise<string>;
    html(): Promise<string>;
    /** element.click() of the first element that a selector finds (waited for). */
    click(selector: string): Promise<void>;
    /** Waits until a function or expression in the page gives something true. */
    waitFor<A extends any[], R>(body: string | ((...args: A) => R), options?: Waiting, ...args: A): Promise<Awaited<R>>;
    /** navigator.serviceWorker.register(); gives the registration's handle. */
    register(script: string, options?: { scope?: string; type?: 'classic' | 'module'; updateViaCache?: 'imports' | 'all' | 'none' }): Promise<Registration>;
    /** The version that controls the page; null when none does. */
    controller(): Promise<Version | null>;
    /** Waits for a controller; with a version, for that one. */
    waitForController(version?: Version, options?: Waiting): Promise<Version>;
    /** postMessage() to the controller. */
    postMessage(message: JSONValue): Promise<void>;
    /** What the page's console said so far. */
    console(): ConsoleMessage[];
    focus(): Promise<void>;
    /** A CDP command, to the page's session. */
    send(method: string, params?: object): Promise<any>;
  }
  export interface FetchInit {
    method?: string;
    headers?: HeadersInit;
    body?: string | ArrayBuffer | Uint8Array;
    mode?: string;
    credentials?: string;
    cache?: string;
    redirect?: string;
    referrer?: string;
    integrity?: string;
    keepalive?: boolean;
  }
  export interface FetchResult {
    readonly ok: boolean;
    readonly status: number;
    readonly statusText: string;
    readonly url: string;
    /** basic, cors, default, opaque, error … */
    readonly type: string;
    readonly redirected: boolean;
    /** Names are in lower case. */
    readonly headers: Record<string, string>;
    /** Where the answer is from, where it is known: worker, cache, network … */
    readonly source: string;
    text(): string;
    json(): any;
    bytes(): Uint8Array;
  }
  export interface ConsoleMessage {
    time: number;
    /** log, info, warning, error, debug */
    level: string;
    text: string;
    url: string;
    line: number;
  }

  // ---------------------------------------------------------------- registrations

  /** The specification's words; 'waiting' is installed, 'active' is activating or activated. */
  export type VersionState = 'installing' | 'installed' | 'waiting' | 'activating' | 'activated' | 'active' | 'redundant';
  export interface VersionInfo {
    id: string;
    state: string;
    running: 'stopped' | 'starting' | 'running' | 'stopping';
    script: string;
    /** URLs of the clients it controls. */
    clients: string[];
  }
  export interface RegistrationInfo {
    scope: string;
    installing: VersionInfo | null;
    waiting: VersionInfo | null;
    active: VersionInfo | null;
  }
  /** A handle: it says what is true when it is asked. */
  export interface Registration {
    readonly scope: string;
    readonly installing: Version;
    readonly waiting: Version;
    readonly active: Version;
    /** All versions that were seen, oldest first, redundant ones too. */
    versions(): Promise<Version[]>;
    exists(): Promise<boolean>;
    info(): Promise<RegistrationInfo | null>;
    /** Waits until it has a version in the state, or is 'registered' or 'unregistered'. */
    waitFor(state: VersionState | 'registered' | 'unregistered', options?: Waiting): Promise<Version>;
    /** Looks for a new script; true when there is a new version. */
    update(): Promise<boolean>;
    skipWaiting(): Promise<void>;
    unregister(): Promise<void>;
    start(): Promise<void>;
    /** Stops the running worker of the active version, as an idle browser would. */
    kill(): Promise<void>;
    push(data?: string | JSONValue): Promise<void>;
    sync(tag: string): Promise<void>;
    periodicSync(tag: string): Promise<void>;
    /** A request to the active worker: without a page where the backend can, else fetch() of a page in scope. */
    dispatch(url: string, init?: FetchInit & { navigation?: boolean }): Promise<FetchResult>;
    notifications(): Promise<NotificationHandle[]>;
    /** Why the waiting version waits, one line each. Empty: nothing waits. */
    why(): Promise<string[]>;
    /** URLs of the pages and workers that it controls. */
    clients(): Promise<string[]>;
    /** What happened to it, oldest first. */
    events(): Promise<TimelineEvent[]>;
    /** Errors of its workers. */
    errors(): Promise<{ time: number; text: string; url: string; line: number }[]>;
    /** Evaluates in the active worker, which is started. */
    evaluate<A extends any[], R>(body: string | ((...args: A) => R), ...args: A): Promise<Awaited<R>>;
  }
  export interface Version {
    /** Empty while there is no such version. */
    readonly id: string;
    exists(): Promise<boolean>;
    /** 'none' while there is no such version. */
    state(): Promise<VersionState | 'new' | 'none'>;
    info(): Promise<VersionInfo | null>;
    waitFor(state: VersionState | 'running' | 'stopped', options?: Waiting): Promise<Version>;
    start(): Promise<void>;
    kill(): Promise<void>;
    /** The text of its script. */
    source(): Promise<string>;
    /** URLs of its scripts, the main one first. */
    scripts(): Promise<string[]>;
    clients(): Promise<string[]>;
    evaluate<A extends any[], R>(body: string | ((...args: A) => R), ...args: A): Promise<Awaited<R>>;
    console(): Promise<ConsoleMessage[]>;
  }
  export interface NotificationHandle {
    readonly title: string;
    readonly body: string;
    readonly tag: string;
    readonly icon: string;
    readonly actions: { action: string; title: string }[];
    /** A click on it, or on one of its buttons; waits until the event is over. */
    click(action?: string): Promise<void>;
    close(): Promise<void>;
  }

  // ---------------------------------------------------------------- caches

  export type RequestLike = string | { url: string; method?: string; headers?: HeadersInit };
  export interface MatchOptions { ignoreSearch?: boolean; ignoreMethod?: boolean; ignoreVary?: boolean }
  export interface CacheEntry {
    method: string;
    url: string;
    status: number;
    type: string;
    /** Bytes of the body; -1 when it was not measured. */
    size: number;
    vary: string;
    time: number;
    requestHeaders: Record<string, string>;
    headers: Record<string, string>;
  }
  export interface CachedResponse extends FetchResult {
    readonly cache: string;
  }
  export interface CacheStorage {
    readonly origin: string;
    keys(): Promise<string[]>;
    has(name: string): Promise<boolean>;
    /** The handle of a cache; it is made by put. */
    open(name: string): Cache;
    delete(name: string): Promise<boolean>;
    /** The first match of all caches, in the order of keys(). */
    match(request: RequestLike, options?: MatchOptions): Promise<CachedResponse | undefined>;
    /** Whether and why a request would be answered, cache by cache. */
    explain(request: RequestLike, options?: MatchOptions): Promise<CacheExplanation[]>;
    usage(): Promise<{ usage: number; quota: number; caches: number; padding: number }>;
  }
  export interface Cache {
    readonly name: string;
    exists(): Promise<boolean>;
    /** URLs of the entries, in order. */
    keys(): Promise<string[]>;
    entries(): Promise<CacheEntry[]>;
    match(request: RequestLike, options?: MatchOptions): Promise<CachedResponse | undefined>;
    explain(request: RequestLike, options?: MatchOptions): Promise<CacheExplanation>;
    put(request: RequestLike, response: ResponseLike): Promise<void>;
    /** true when there was one. */
    delete(request: RequestLike): Promise<boolean>;
  }
  export interface CacheExplanation {
    cache: string;
    matched: boolean;
    /** The reason in one sentence. */
    why: string;
    /** What would make a difference, such as "ignoreVary"; empty: nothing. */
    hint: string;
    candidates: { url: string; result: string; step: string; why: string; header: string; request: string; stored: string }[];
  }

  // ---------------------------------------------------------------- fetches

  export interface FetchFilter {
    url?: URLPattern;
    method?: string;
    status?: number;
    /** responded, fell-through, not-controlled, bypassed, route-matched, no-fetch-handler, respond-error … */
    decision?: string;
    /** worker, cache, network, http-cache, preload, none */
    source?: string;
    /** Name of the cache that answered. */
    cache?: string;
    /** navigation, fetch, worker (the worker's own), script, preload */
    kind?: string;
    /** The error's text. */
    error?: string | RegExp;
  }
  export interface FetchRow {
    readonly id: string;
    readonly method: string;
    readonly url: string;
    readonly kind: string;
    readonly page: string;
    readonly status: number;
    readonly decision: string;
    readonly source: string;
    readonly cache: string;
    /** Rule of the static routes, from 1; 0: none. */
    readonly route: number;
    readonly error: string;
    readonly requestHeaders: Record<string, string>;
    readonly headers: Record<string, string>;
    readonly began: number;
    readonly done: boolean;
    /** In one sentence. */
    readonly sentence: string;
  }
  /** The requests of pages and workers since the context was opened. Filters are fields, or the language of the page's filter box. */
  export interface Fetches {
    list(filter?: FetchFilter | string): Promise<FetchRow[]>;
    /** Waits for a request that matches and is done; gives the first one (of those after `after`). */
    waitFor(filter: FetchFilter | string, options?: Waiting & { after?: FetchRow }): Promise<FetchRow>;
    /** Waits for a request to the URL; fails when the first one is not as described, and says how it differs. */
    expect(url: URLPattern, expected: FetchFilter, options?: Waiting & { after?: FetchRow }): Promise<FetchRow>;
    /** Why a request had the answer it had, or a URL would have it, decision by decision. */
    explain(request: FetchRow | RequestLike): Promise<FetchExplanation>;
    /** Makes the request again, from a page of its registration or through the backend's dispatch. */
    replay(row: FetchRow): Promise<FetchResult>;
    clear(): Promise<void>;
  }
  export interface FetchExplanation {
    subject: string;
    verdict: string;
    answer: string;
    links: { question: string; answer: string; verdict: string; algorithm: string; step: string; known: 'seen' | 'inferred' | 'traced' }[];
  }

  // ---------------------------------------------------------------- network, clock

  export interface RoutedRequest {
    readonly url: string;
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body: string | null;
    /** Document, Script, Fetch … (CDP's Network.ResourceType) */
    readonly resourceType: string;
    /** It is a worker's own. */
    readonly fromWorker: boolean;
    readonly params: URLSearchParamsLike;
  }
  export interface URLSearchParamsLike { [name: string]: string }
  export interface RespondInit {
    status?: number;
    statusText?: string;
    headers?: HeadersInit;
    body?: string | Uint8Array | ArrayBuffer;
    /** A body of JSON with its content type. */
    json?: unknown;
    /** Waits before it answers. */
    delay?: Duration;
  }
  export type ResponseLike = string | RespondInit;
  /** What to do: a response; 'continue' or undefined to let it pass; 'abort' for a network error. */
  export type RouteAnswer = ResponseLike | 'continue' | 'abort' | undefined | void;
  export type RouteHandler = ResponseLike | 'abort' | ((request: RoutedRequest) => RouteAnswer | Promise<RouteAnswer>);
  export interface Network {
    /** No network for pages and workers; offline(false) is online(). */
    offline(on?: boolean): Promise<void>;
    online(): Promise<void>;
    /** Requests of pages and workers (not those a worker answers) are answered here. The newest route is asked first. */
    route(pattern: URLPattern, handler: RouteHandler): Promise<Route>;
    unroute(pattern?: URLPattern): Promise<void>;
    /** Requests skip the service worker. */
    bypassServiceWorker(on?: boolean): Promise<void>;
    /** The script is fetched and a new version made at each reload. */
    updateOnReload(on?: boolean): Promise<void>;
  }
  export interface Route {
    readonly pattern: string;
    /** How many requests it answered. */
    readonly hits: number;
    remove(): Promise<void>;
  }
  /** Needs the capability 'clock'. */
  export interface Clock {
    /** Moves time on; timers that fall due run in order. */
    advance(by: Duration): Promise<number>;
    now(): Promise<number>;
  }

  // ---------------------------------------------------------------- sites

  /** A request to the site. */
  export interface SiteRequest {
    readonly time: number;
    readonly method: string;
    /** Path with search. */
    readonly url: string;
    readonly path: string;
    readonly query: Record<string, string>;
    readonly headers: Record<string, string>;
    readonly body: string;
  }
  export type SiteHandler = ResponseLike | ((request: SiteRequest) => ResponseLike | Promise<ResponseLike>);
  /** Paths, and what is there: text, a response, a function. '/api/*' is a pattern. */
  export type Routes = Record<string, SiteHandler>;
  /** A folder, or routes, served on 127.0.0.1 until the test ends. */
  export function serve(what?: string | Routes): Promise<Site>;
  export interface Site {
    /** 'http://127.0.0.1:PORT' */
    readonly origin: string;
    /** The address of a path. */
    url(path?: string): string;
    /** Deploys another folder, or routes: what was there is gone. */
    deploy(what: string | Routes): void;
    /** Deploys one file: from now on this is at the path. */
    put(path: string, content: ResponseLike): void;
    /** Answers all that matches with a function or a response. */
    route(pattern: string, handler: SiteHandler): void;
    /** The path answers 404. */
    remove(path: string): void;
    /** What put, route and remove did is undone. */
    reset(): void;
    /** What the site was asked for, oldest first. */
    requests(filter?: URLPattern): SiteRequest[];
    clearRequests(): void;
    /** The server refuses connections (down) until up. */
    down(): void;
    up(): void;
    close(): Promise<void>;
  }

  // ---------------------------------------------------------------- breakpoints

  export type BreakpointKind = 'line' | 'event' | 'lifecycle' | 'fetch' | 'cache' | 'exception' | 'start';
  export interface BreakpointCommon {
    /** Only of workers whose scope matches. */
    scope?: string;
    /** JavaScript in the frame that would stop. */
    condition?: string;
    /** How many hits pass before the first stop. */
    skip?: number;
    once?: boolean;
    /** A message to write instead of stopping: {expression} is replaced by its value. */
    log?: string;
  }
  export interface BreakpointOptions {
    line: BreakpointCommon & { url: string; line: number; column?: number; text?: string };
    /** install, activate, fetch, push, sync, message …; '*' */
    event: BreakpointCommon & { type: string };
    lifecycle: BreakpointCommon & { state: VersionState | 'controllerchange' };
    fetch: BreakpointCommon & { url?: string; method?: string; mode?: string; destination?: string; client?: string; at?: 'dispatch' | 'respondWith' | 'request' };
    cache: BreakpointCommon & { operation?: 'open' | 'match' | 'hit' | 'miss' | 'put' | 'delete'; cache?: string; url?: string };
    exception: BreakpointCommon & { which?: 'all' | 'uncaught' | 'rejection' | 'respondWith' };
    start: BreakpointCommon;
  }
  export interface Breakpoint {
    readonly id: string;
    readonly kind: BreakpointKind;
    readonly hits: number;
    /** Why it can stop nothing; empty when it can. */
    readonly problem: string;
    /** What its `log` wrote. */
    readonly log: string[];
    remove(): Promise<void>;
  }
  export interface Paused {
    /** A breakpoint's kind, or step, pause, debugger. */
    readonly reason: string;
    /** "cache.match missed 'v2' for /app.js" */
    readonly words: string;
    readonly event: string;
    readonly url: string;
    readonly method: string;
    readonly cache: string;
    readonly operation: string;
    readonly state: string;
    readonly error: string;
    readonly scope: string;
    readonly version: string;
    readonly frames: Frame[];
    /** The innermost frame. */
    readonly frame: Frame;
    /** What the pause holds up. */
    readonly holding: string[];
    /** Evaluates in the innermost frame. A function sees no variables of the frame: give an expression for those. */
    evaluate<A extends any[], R>(body: string | ((...args: A) => R), ...args: A): Promise<any>;
    /** The next pause; null when the worker ran on. */
    step(how?: 'over' | 'into' | 'out' | 'await'): Promise<Paused | null>;
    stepBack(toBreakpoint?: boolean): Promise<Paused | null>;
    resume(): Promise<void>;
  }
  export interface Frame {
    readonly function: string;
    readonly url: string;
    readonly line: number;
    readonly column: number;
    /** How these frames led to those above: 'await' …; empty for calls. */
    readonly async: string;
    scopes(): Promise<Scope[]>;
    evaluate(expression: string): Promise<any>;
    /** Gives a variable the value of an expression. */
    set(name: string, expression: string): Promise<void>;
  }
  export interface Scope {
    /** local, block, closure, catch, script, module, global … */
    readonly type: string;
    readonly name: string;
    /** Values as they are shown: "'v2'", "Response 200 …", "not initialised". */
    variables(): Promise<Record<string, string>>;
  }
}

declare const test: import('swinspect').Test;
declare const expect: import('swinspect').Expect;
declare const step: typeof import('swinspect').step;
declare const skip: typeof import('swinspect').skip;
declare const use: typeof import('swinspect').use;
declare const describe: typeof import('swinspect').describe;
declare const beforeEach: typeof import('swinspect').beforeEach;
declare const afterEach: typeof import('swinspect').afterEach;
declare const beforeAll: typeof import('swinspect').beforeAll;
declare const afterAll: typeof import('swinspect').afterAll;
declare const waitFor: typeof import('swinspect').waitFor;
declare const sleep: typeof import('swinspect').sleep;
declare const start: typeof import('swinspect').start;
declare const launch: typeof import('swinspect').launch;
declare const engine: typeof import('swinspect').engine;
declare const attach: typeof import('swinspect').attach;
declare const serve: typeof import('swinspect').serve;
declare const readFile: typeof import('swinspect').readFile;
declare const env: typeof import('swinspect').env;
