import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes connections whose clients take too long: for the first request's head, for a body, or to read what they asked for;
/// and those that go on sending the body of a request that has been answered.
///
/// Between requests Hummingbird's own idle time counts.
final class SlowClientHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ClientPatience
    private var timer: Scheduled<Void>?
    private var writeTimer: Scheduled<Void>?
    /// Whether bytes of a body are missing
    private var isInBody = false
    private var bytes = 0
    /// Whether the server waits for bytes, rather than they for it
    private var isReading = false
    /// Bytes that may still come of a body that nobody reads: a client that is still sending reads no answer
    private var unreadAllowance: Int?

    private static let maximumUnreadBytes = 4 << 20

    init(_ limits: ClientPatience) { self.limits = limits }

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
            writeTimer = close(context, after: limits.writeSeconds) { true }
        }
        context.fireChannelWritabilityChanged()
    }

    private func waitForHead(_ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = close(context, after: limits.headSeconds) { true }
    }

    /// Looks from time to time whether enough of a body has come.
    private func watchBody(_ context: ChannelHandlerContext) {
        timer?.cancel()
        let before = bytes
        timer = close(context, after: limits.bodySeconds) { [self] in
            guard isInBody else { return false }
            let isSlow = isReading && Double(bytes - before) < limits.bodySeconds * limits.bodyBytesPerSecond
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

/// How long a client may take before its connection is closed.
public struct ClientPatience: Sendable {
    /// For the head of a connection's first request: 10 s by default
    public var headSeconds = 10.0
    /// How often it is looked whether enough of a body has come: every 10 s by default
    public var bodySeconds = 10.0
    /// The least of a body that has to come: 256 bytes a second by default
    public var bodyBytesPerSecond = 256.0
    /// To read some of what waits for it: 60 s by default
    public var writeSeconds = 60.0

    /// The defaults
    public init() {}
}
