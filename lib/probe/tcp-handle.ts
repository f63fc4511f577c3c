/**
 * What is used of Node's TCP handle, the layer below `net.Socket`. It is no public API: a Socket adds two streams, their
 * events and two turns of the tick queue, which for a probe cost as much as the connection itself. The images ship one
 * exact version of Node, and the tests of the probers fail if a new one changes what is used here.
 */
export interface TcpHandle {
  setKeepAlive(isOn: boolean, delaySeconds: number): number;
  getsockname(name: SocketName): number;
  getpeername(name: SocketName): number;
  /** Closes with a reset. */
  reset(): number;
  close(): void;
}

/** Filled in by `getsockname` and `getpeername`. */
export interface SocketName {
  address?: string;
  port?: number;
}

/** Hears what happens at a handle, always later. A status is 0 or a negative system error number. */
export interface HandleUser {
  connected(status: number): void;
  /**
   * `count`: how many bytes lie in the buffer, or a negative system error number, `END_OF_FILE` among them. All handles
   * read into one buffer: what lies there is valid until the call returns.
   */
  read(count: number, buffer: Buffer): void;
  /** Of a write that could not be made at once. */
  written(status: number): void;
}

/** libuv's own number for the end of what the peer sends. */
export const END_OF_FILE = -4095;

const LONGEST_READ_BYTES = 64 * 1024;

/** The handle with what only this file touches. The callbacks find the user on the objects that Node calls them on. */
interface NodeHandle extends TcpHandle {
  user: HandleUser;
  onread: (this: NodeHandle) => void;
  connect(request: NodeRequest, address: string, port: number): number;
  connect6(request: NodeRequest, address: string, port: number): number;
  /** Everything is read into this buffer. */
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): number;
  writeUtf8String(request: NodeRequest, text: string): number;
}

/** A connect or a write under way. */
interface NodeRequest {
  user: HandleUser;
  oncomplete: (this: NodeRequest, status: number) => void;
}

interface TcpBinding {
  readonly TCP: new (type: number) => NodeHandle;
  readonly TCPConnectWrap: new () => NodeRequest;
  readonly constants: { readonly SOCKET: number };
}

interface StreamBinding {
  readonly WriteWrap: new () => NodeRequest;
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
  readonly kLastWriteWasAsync: number;
}

/** What all handles share. */
class Shared {
  readonly tcp: TcpBinding = binding('tcp_wrap');
  readonly Handle = handleClass(this.tcp);
  readonly stream: StreamBinding = binding('stream_wrap');
  readonly readBuffer = Buffer.allocUnsafeSlow(LONGEST_READ_BYTES);
  /** For the next write: nearly all are made at once, and leave it unused. */
  writeRequest = new this.stream.WriteWrap();
}

let shared: Shared | undefined;

/** A handle that is not connected and has no descriptor yet. */
export function newTcpHandle(user: HandleUser): TcpHandle {
  const { Handle } = load();
  return new Handle(user);
}

/** A class of its own: a property that Node's class does not know would lie in a second place of memory. */
function handleClass({ TCP, constants }: TcpBinding): new (user: HandleUser) => NodeHandle {
  return class extends TCP {
    override user: HandleUser;

    constructor(user: HandleUser) {
      super(constants.SOCKET);
      this.user = user;
    }
  };
}

/** Dials an IP address. Gives 0, or the system error number with which it has failed at once. */
export function startConnect(handle: TcpHandle, address: string, port: number): number {
  const node = nodeHandle(handle);
  const request = new (load().tcp.TCPConnectWrap)();
  request.user = node.user;
  request.oncomplete = onConnected;
  return address.includes(':') ? node.connect6(request, address, port) : node.connect(request, address, port);
}

/** Hands all that comes to the user. Gives 0 or a negative system error number. */
export function startReading(handle: TcpHandle): number {
  const node = nodeHandle(handle);
  node.useUserBuffer(load().readBuffer);
  node.onread = onRead;
  return node.readStart();
}

/** Gives 0, or the system error number with which the write has failed at once. */
export function writeText(handle: TcpHandle, text: string): number {
  const node = nodeHandle(handle);
  const { stream, writeRequest } = load();
  const status = node.writeUtf8String(writeRequest, text);
  if (stream.streamBaseState[stream.kLastWriteWasAsync] !== 0) keepForWrite(writeRequest, node.user);
  return status;
}

/** The request is under way: its end is told to the user, and the next write takes another. */
function keepForWrite(request: NodeRequest, user: HandleUser): void {
  request.user = user;
  request.oncomplete = onWritten;
  const { stream } = load();
  load().writeRequest = new stream.WriteWrap();
}

function onConnected(this: NodeRequest, status: number): void {
  this.user.connected(status);
}

function onWritten(this: NodeRequest, status: number): void {
  this.user.written(status);
}

function onRead(this: NodeHandle): void {
  const { stream, readBuffer } = load();
  this.user.read(stream.streamBaseState[stream.kReadBytesOrError] ?? 0, readBuffer);
}

function nodeHandle(handle: TcpHandle): NodeHandle {
  // `newTcpHandle` makes no others.
  return handle as NodeHandle;
}

function load(): Shared {
  shared ??= new Shared();
  return shared;
}

/** The types above are what the tests of the probers hold Node to. */
function binding<T>(name: string): T {
  return (process as unknown as { binding(name: string): T }).binding(name);
}
