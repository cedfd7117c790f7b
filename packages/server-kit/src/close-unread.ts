import type { IncomingMessage, ServerResponse } from 'node:http';

/** Milliseconds that a client gets to see why its body was refused, before the connection ends. */
const lingering = 1000;

/**
 * Gives up the connection of a request whose body is refused instead of reading it to its end (R10). Node would close it at once,
 * and a close with unread bytes is a reset, which many clients notice before the answer. So the answer and its end go out first.
 * To be called before the head of the answer is sent.
 */
export function closeIfUnread(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete || request.method === 'GET' || request.method === 'HEAD') return;
  response.setHeader('Connection', 'close');
  const { socket } = request;
  socket.destroySoon = () => {
    socket.end();
    setTimeout(() => socket.destroy(), lingering).unref();
  };
}
