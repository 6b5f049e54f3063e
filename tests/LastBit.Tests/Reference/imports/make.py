"""Writes event files of TensorBoard byte by byte to the published layout, with nothing but Python's standard library.

events.out.tfevents.1.torch: scalars as PyTorch's SummaryWriter writes them (simple_value); events.out.tfevents.2.tf2: as TensorFlow 2 does (tensors).
"""
import struct

TABLE = []
for n in range(256):
    for _ in range(8):
        n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)

def masked(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF

def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128]); n >>= 7
    return out + bytes([n])

def field(number, kind, payload):
    return varint(number << 3 | kind) + payload

def block(number, payload):
    return field(number, 2, varint(len(payload)) + payload)

def record(event):
    length = struct.pack("<Q", len(event))
    return length + struct.pack("<I", masked(length)) + event + struct.pack("<I", masked(event))

def event(step, body):
    return record(field(1, 1, struct.pack("<d", 1.7e9 + step)) + field(2, 0, varint(step)) + body)

def simple(tag, value):
    return block(5, block(1, block(1, tag) + field(2, 5, struct.pack("<f", value))))

def tensor(tag, value):
    content = field(1, 0, varint(1)) + block(2, b"") + block(4, struct.pack("<f", value))
    return block(5, block(1, block(1, tag) + block(9, block(1, block(1, b"scalars"))) + block(8, content)))

with open("events.out.tfevents.1.torch", "wb") as f:
    f.write(event(0, block(3, b"brain.Event:2")))
    for step in range(1, 5):
        f.write(event(step, simple(b"loss/train", 2.0 / step)) + event(step, simple(b"acc/test", 0.5 + step / 16)))
with open("events.out.tfevents.2.tf2", "wb") as f:
    f.write(event(0, block(3, b"brain.Event:2")))
    for step in range(0, 3):
        f.write(event(step, tensor(b"epoch_accuracy", 0.25 * (step + 1))))
