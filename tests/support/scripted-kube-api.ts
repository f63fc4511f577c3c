import type { KubernetesObject, ObjectRef } from '#lib/core/kubernetes.ts';
import type { KubeApi, ListScope, ObjectList, Resource, WatchEvent } from '#lib/kube/kube-api.ts';

interface OpenWatch {
  readonly fromVersion: string;
  /** Delivers one event, or throws what the reader throws. */
  readonly send: (event: WatchEvent<KubernetesObject>) => void;
  /** Ends the stream: cleanly, or with an error. */
  readonly end: (error?: unknown) => void;
}

/**
 * The API as a script: the test says what the next list answers and what the open watch delivers. For what a real
 * API server does on its own see the integration tests; this is for what it does once in a thousand hours.
 */
export class ScriptedKubeApi implements KubeApi {
  /** Answers to the next lists, the last for all that follow. */
  lists: (ObjectList<KubernetesObject> | Error)[] = [];
  listed = 0;
  readonly watches: OpenWatch[] = [];
  readonly created: KubernetesObject[] = [];
  failCreate: Error | undefined;
  /** Thrown by every watch as soon as it begins. */
  failWatch: Error | undefined;

  async list<T extends KubernetesObject>(_resource: Resource<T>, _scope: ListScope): Promise<ObjectList<T>> {
    this.listed++;
    const answer = this.lists.length > 1 ? this.lists.shift() : this.lists[0];
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error('nothing scripted');
    // The test scripts objects of the resource that it asks for.
    return answer as ObjectList<T>;
  }

  watch<T extends KubernetesObject>(
    _resource: Resource<T>,
    _scope: ListScope,
    fromVersion: string,
    onEvent: (event: WatchEvent<T>) => void,
    signal: AbortSignal,
    onOpen?: () => void,
  ): Promise<void> {
    if (this.failWatch !== undefined) return Promise.reject(this.failWatch);
    return new Promise((resolve, reject) => {
      const end = (error?: unknown) => (error === undefined ? resolve() : reject(error));
      const send = (event: WatchEvent<KubernetesObject>) => {
        try {
          // As above.
          onEvent(event as WatchEvent<T>);
        } catch (error) {
          reject(error);
        }
      };
      signal.addEventListener('abort', () => resolve(), { once: true });
      onOpen?.();
      this.watches.push({ fromVersion, send, end });
    });
  }

  async create<T extends KubernetesObject>(_resource: Resource<T>, object: T): Promise<T> {
    if (this.failCreate !== undefined) throw this.failCreate;
    this.created.push(object);
    return object;
  }

  get<T extends KubernetesObject>(_resource: Resource<T>, ref: ObjectRef): Promise<T> {
    return Promise.reject(new Error(`not scripted: get ${ref.name}`));
  }

  replace<T extends KubernetesObject>(_resource: Resource<T>, object: T): Promise<T> {
    return Promise.reject(new Error(`not scripted: update ${object.metadata.name}`));
  }

  mergePatch<T extends KubernetesObject>(_resource: Resource<T>, ref: ObjectRef): Promise<T> {
    return Promise.reject(new Error(`not scripted: patch ${ref.name}`));
  }

  jsonPatch<T extends KubernetesObject>(_resource: Resource<T>, ref: ObjectRef): Promise<T> {
    return Promise.reject(new Error(`not scripted: patch ${ref.name}`));
  }

  delete<T extends KubernetesObject>(_resource: Resource<T>, ref: ObjectRef): Promise<void> {
    return Promise.reject(new Error(`not scripted: delete ${ref.name}`));
  }
}
