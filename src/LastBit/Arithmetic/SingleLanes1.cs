namespace LastBit.Arithmetic;

/// <summary>
/// One number at a time, for machines without vectors and for checking that vectors change nothing. That in binary64 is made from this file
/// (Lanes.targets).
/// </summary>
internal readonly unsafe struct SingleLanes1(float value) : ILanes<SingleLanes1, float>
{
    /// <summary>The number.</summary>
    public float Value { get; } = value;

    public static int Count => 1;

    public static SingleLanes1 Load(float* source) => new(*source);

    public static void Store(SingleLanes1 value, float* target) => *target = value.Value;

    public static SingleLanes1 Broadcast(float value) => new(value);

    public static SingleLanes1 Add(SingleLanes1 left, SingleLanes1 right) => new(left.Value + right.Value);

    public static SingleLanes1 Subtract(SingleLanes1 left, SingleLanes1 right) => new(left.Value - right.Value);

    public static SingleLanes1 Multiply(SingleLanes1 left, SingleLanes1 right) => new(left.Value * right.Value);

    public static SingleLanes1 Divide(SingleLanes1 left, SingleLanes1 right) => new(left.Value / right.Value);

    public static SingleLanes1 SquareRoot(SingleLanes1 value) => new(MathF.Sqrt(value.Value));

    public static SingleLanes1 Negate(SingleLanes1 value) => new(-value.Value);

    public static SingleLanes1 FusedMultiplyAdd(SingleLanes1 left, SingleLanes1 right, SingleLanes1 addend) =>
        new(MathF.FusedMultiplyAdd(left.Value, right.Value, addend.Value));

    public static void AddProduct(ref SingleLanes1 sum, SingleLanes1 left, SingleLanes1 right) =>
        sum = new(MathF.FusedMultiplyAdd(left.Value, right.Value, sum.Value));

    public static SingleLanes1 WherePositive(SingleLanes1 condition, SingleLanes1 value) => condition.Value > 0 ? value : new(0);

    public static SingleLanes1 WhereNotNegative(SingleLanes1 condition, SingleLanes1 yes, SingleLanes1 no) =>
        condition.Value >= 0 ? yes : no;

    public static SingleLanes1 NegativeMagnitude(SingleLanes1 value) => new(-MathF.Abs(value.Value));

    public static SingleLanes1 Min(SingleLanes1 left, SingleLanes1 right) => left.Value < right.Value ? left : right;

    public static SingleLanes1 Max(SingleLanes1 left, SingleLanes1 right) => left.Value > right.Value ? left : right;

    public static SingleLanes1 PowerOfTwoFromShifted(SingleLanes1 shifted) =>
        new(BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(shifted.Value) + SingleBits.Bias) << SingleBits.Fraction));
}
