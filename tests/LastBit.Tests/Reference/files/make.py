"""Writes the small files that the tests of Npy, Npz and MatFile compare with. Run in this folder: python3 make.py (numpy, scipy)."""
import numpy as np
import scipy.io

a = (np.arange(24).reshape(2, 3, 4) - 5) / 7
np.save("double.npy", a)
np.save("single.npy", a.astype("f4"))
np.save("scalar.npy", np.float64(0.1))
np.save("vector.npy", np.array([1e-300, -0.0, np.inf]))
np.save("empty.npy", np.zeros((0, 3)))
np.save("int64.npy", np.array([[1, -2]]))
np.save("fortran.npy", np.asfortranarray(a))
np.save("bigendian.npy", a.astype(">f8"))
with open("version2.npy", "wb") as f:
    np.lib.format.write_array(f, a, version=(2, 0))
np.savez("plain.npz", a=a, **{"w/b.c": a.astype("f4")})
np.savez_compressed("compressed.npz", a=a, **{"w/b.c": a.astype("f4")})
scipy.io.savemat("scipy.mat", {"conv_weight": a, "s": a.astype("f4")})

# Every type that NumPy writes for real numbers, in both orders of bytes and of axes.
for name in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"):
    values = np.array([[0, 1, 2], [3, 4, 100]]).astype(name)
    np.save(f"types-{name}.npy", values)
    np.save(f"types-{name}-big-fortran.npy", np.asfortranarray(values.astype(np.dtype(name).newbyteorder(">"))))
np.save("fortran-vector.npy", np.asfortranarray(np.arange(4.0)))
with open("complex.npy", "wb") as file:
    np.lib.format.write_array(file, np.array([1 + 2j]))
