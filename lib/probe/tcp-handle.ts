/**
 * What is used of Node's TCP handle, the layer below `net.Socket`. It is no public API: a Socket adds two streams, their
 * events and two turns of the tick queue, which for a probe cost as much as the connection itself. The images ship one
 * exact version of Node, and the tests of the probers fail if a new one changes what is used here.
 */
export interface TcpHandle {
  /** Called after each read: see `bytesRead`. */
  onread: () => void;
  connect(request: ConnectRequest, address: string, port: number): number;
  connect6(request: ConnectRequest, address: string, port: number): number;
  /** Everything is read into this buffer. */
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): number;
  writeUtf8String(request: WriteRequest, text: string): number;
  setKeepAlive(isOn: boolean, delaySeconds: number): number;
  getsockname(name: SocketName): number;
  getpeername(name: SocketName): number;
  /** Closes with a reset. */
  reset(closed: () => void): number;
  close(): void;
}

/** A connect under way; the status is 0 or a negative system error number. */
export interface ConnectRequest {
  oncomplete: (status: number) => void;
}

/** A write under way; the status is 0 or a negative system error number. */
export interface WriteRequest {
  oncomplete: (status: number) => void;
}

/** Filled in by `getsockname` and `getpeername`. */
export interface SocketName {
  address?: string;
  port?: number;
}

interface TcpBinding {
  readonly TCP: new (type: number) => TcpHandle;
  readonly TCPConnectWrap: new () => ConnectRequest;
  readonly constants: { readonly SOCKET: number };
}

interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest;
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
}

interface Bindings {
  readonly tcp: TcpBinding;
  readonly stream: StreamBinding;
}

let bindings: Bindings | undefined;

/** A handle that is not connected and has no descriptor yet. */
export function newTcpHandle(): TcpHandle {
  const { TCP, constants } = load().tcp;
  return new TCP(constants.SOCKET);
}

/** What `connect` and `connect6` take: the callback gets 0 or a negative system error number, later and once. */
export function newConnectRequest(oncomplete: (status: number) => void): ConnectRequest {
  const request = new (load().tcp.TCPConnectWrap)();
  request.oncomplete = oncomplete;
  return request;
}

/** What a write takes; the callback comes only where not all could be written at once. */
export function newWriteRequest(oncomplete: (status: number) => void): WriteRequest {
  const request = new (load().stream.WriteWrap)();
  request.oncomplete = oncomplete;
  return request;
}

/** Within `onread`: the number of bytes in the buffer, or a negative system error number, `END_OF_FILE` among them. */
export function bytesRead(): number {
  const { streamBaseState, kReadBytesOrError } = load().stream;
  return streamBaseState[kReadBytesOrError] ?? 0;
}

/** libuv's own number for the end of what the peer sends. */
export const END_OF_FILE = -4095;

function load(): Bindings {
  bindings ??= { tcp: binding('tcp_wrap'), stream: binding('stream_wrap') };
  return bindings;
}

/** The types above are what the tests of the probers hold Node to. */
function binding<T>(name: string): T {
  return (process as unknown as { binding(name: string): T }).binding(name);
}
