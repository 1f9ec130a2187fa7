import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes the connections of clients that are too slow to send the first request's head, to send a body, or to read a
/// response. Also closes the connections of clients that keep sending the body of an answered request.
///
/// Between requests Hummingbird's idle timeout applies.
final class SlowClientHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let timeouts: ClientTimeouts
    private var timer: Scheduled<Void>?
    private var writeTimer: Scheduled<Void>?
    /// Whether a body is incomplete
    private var isInBody = false
    private var bytes = 0
    /// Whether the server waits for bytes of the client
    private var isReading = false
    /// Byte count after which the connection of an unread body is closed. Some bytes are accepted, because a client
    /// does not read its answer while it is sending.
    private var unreadAllowance: Int?

    private static let maximumUnreadBytes = 4 << 20

    init(_ timeouts: ClientTimeouts) { self.timeouts = timeouts }

    func channelActive(context: ChannelHandlerContext) {
        waitForHead(context)
        context.fireChannelActive()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { waitForHead(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            (isInBody, bytes, unreadAllowance) = (true, 0, nil)
            watchBody(context)
        case .body(let buffer):
            bytes += buffer.readableBytes
            if let allowance = unreadAllowance, bytes > allowance { return context.close(promise: nil) }
        case .end:
            isInBody = false
            timer?.cancel()
        }
        isReading = false
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data), isInBody { unreadAllowance = bytes + Self.maximumUnreadBytes }
        context.write(data, promise: promise)
    }

    func read(context: ChannelHandlerContext) {
        isReading = true
        context.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writeTimer?.cancel()
        if !context.channel.isWritable {
            writeTimer = close(context, after: timeouts.writeSeconds) { true }
        }
        context.fireChannelWritabilityChanged()
    }

    private func waitForHead(_ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = close(context, after: timeouts.headSeconds) { true }
    }

    /// Checks periodically whether the body arrives fast enough.
    private func watchBody(_ context: ChannelHandlerContext) {
        timer?.cancel()
        let before = bytes
        timer = close(context, after: timeouts.bodySeconds) { [self] in
            guard isInBody else { return false }
            let isSlow = isReading && Double(bytes - before) < timeouts.bodySeconds * timeouts.bodyBytesPerSecond
            if !isSlow { watchBody(context) }
            return isSlow
        }
    }

    private func close(
        _ context: ChannelHandlerContext, after seconds: Double, where isDue: @escaping () -> Bool
    ) -> Scheduled<Void> {
        let loop = context.eventLoop
        let bound = NIOLoopBound((context, isDue), eventLoop: loop)
        return loop.scheduleTask(in: .milliseconds(Int64(seconds * 1000))) {
            let (context, isDue) = bound.value
            if isDue() { context.close(promise: nil) }
        }
    }

    private func cancel() {
        timer?.cancel()
        writeTimer?.cancel()
    }
}

/// The timeouts after which a slow client's connection is closed.
public struct ClientTimeouts: Sendable {
    /// Time for the head of a connection's first request: 10 s by default
    public var headSeconds = 10.0
    /// Interval between checks of a body's rate: 10 s by default
    public var bodySeconds = 10.0
    /// Minimum rate of a body: 256 bytes per second by default
    public var bodyBytesPerSecond = 256.0
    /// Time to read part of a pending response: 60 s by default
    public var writeSeconds = 60.0

    /// Creates the default timeouts.
    public init() {}
}
