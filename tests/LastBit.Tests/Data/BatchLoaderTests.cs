using LastBit.Data;

namespace LastBit.Tests.Data;

public class BatchLoaderTests
{
    private static readonly Dataset s_train = Cifar10.Load("sample", 300).Train;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(4, 2)]
    public void Batches_are_those_of_the_augmentation_from_any_start_and_across_epochs(int firstEpoch, int firstBatch)
    {
        int[] permutation = new int[300], labels = new int[128];
        float[] images = new float[128 * DatasetShape.Cifar10.ImageFloats];
        using var loader = BatchLoader.ForTraining(s_train, 7, 128, firstEpoch, firstBatch);
        Assert.Equal(3, loader.BatchesPerEpoch);
        for (int step = firstBatch; step < 8; step++)
        {
            Batch batch = loader.Next();
            Assert.Equal((firstEpoch + step / 3, step % 3), (batch.Epoch, batch.Index));
            Augmentation.FillPermutation(7, batch.Epoch, permutation);
            Assert.Equal(batch.Count,
                Augmentation.FillTrainingBatch(s_train, 7, batch.Epoch, batch.Index, 128, permutation, images, labels));
            Assert.True(batch.Images.SequenceEqual(images.AsSpan(0, batch.Count * DatasetShape.Cifar10.ImageFloats)));
            Assert.True(batch.Labels.SequenceEqual(labels.AsSpan(0, batch.Count)));
        }
    }

    [Fact]
    public void A_batch_in_use_is_left_alone_while_the_next_one_is_prepared()
    {
        int prepared = 0;
        using var secondIsReady = new ManualResetEventSlim();
        using var loader = BatchLoader.ForFill(10, 1, batch =>
        {
            batch.Count = 1;
            batch.Labels[0] = prepared++;
            if (prepared == 2)
                secondIsReady.Set();
        });
        Batch first = loader.Next();
        Assert.True(secondIsReady.Wait(TimeSpan.FromMinutes(15), TestContext.Current.CancellationToken));
        Assert.Equal(0, first.Labels[0]);
        Assert.Equal(1, loader.Next().Labels[0]);
        for (int i = 2; i < 1000; i++)
            Assert.Equal(i, loader.Next().Labels[0]);
        Assert.InRange(prepared, 1000, 1002);
    }

    [Fact]
    public void A_failure_appears_at_the_batch_that_it_belongs_to_and_stays()
    {
        using var loader = BatchLoader.ForFill(10, 1, batch =>
        {
            batch.Count = batch.Index < 3 ? 1 : throw new InputException("batch 3: is bad; another would be right");
        });
        for (int i = 0; i < 3; i++)
            Assert.Equal(i, loader.Next().Index);
        for (int i = 0; i < 3; i++)
            Assert.StartsWith("batch 3: ", Assert.Throws<InputException>(loader.Next).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loader_can_be_disposed_at_any_time_and_then_gives_nothing()
    {
        for (int taken = 0; taken < 5; taken++)
        {
            var loader = BatchLoader.ForTraining(s_train, 1, 10, 0);
            for (int i = 0; i < taken; i++)
                loader.Next();
            loader.Dispose();
            loader.Dispose();
            Assert.Throws<ObjectDisposedException>(loader.Next);
        }
    }

    [Fact]
    public void A_batch_larger_than_the_data_is_the_data()
    {
        using var loader = BatchLoader.ForTraining(s_train, 1, 1000, 0);
        Assert.Equal(300, loader.Next().Count);
        Assert.Equal(1, loader.Next().Epoch);
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchLoader.ForTraining(s_train, 1, 1000, 0, 1));
    }
}
